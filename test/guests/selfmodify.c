#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>
typedef long (*fn)(long);
static void flush(void*a,void*b){ (void)a;(void)b; __asm__ volatile("fence.i":::"memory"); }
static uint32_t addi(int rd,int rs,int imm){ return (uint32_t)imm<<20|rs<<15|rd<<7|0x13; }
int main(void){ long ps=4096; uint32_t*c=mmap(0,4*ps,PROT_READ|PROT_WRITE|PROT_EXEC,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); long t=0;
  for(int i=0;i<2000;i++){ c[0]=addi(10,10,i); c[1]=0x00008067; flush(c,c+2); t+=((fn)c)(i*3); } printf("%ld\n",t);
  /* the code straddles a page: a 4-byte instruction at page end - 2 */
  uint8_t*e=(uint8_t*)c+2*ps-2; for(int i=0;i<1000;i++){ uint32_t w=addi(10,10,i&2047); uint32_t r=0x00008067; memcpy(e,&w,4); memcpy(e+4,&r,4); flush(e,e+8); t+=((fn)e)(1); } printf("%ld\n",t);
  /* W^X: write, then execute only */
  for(int i=0;i<200;i++){ mprotect(c,ps,PROT_READ|PROT_WRITE); c[0]=addi(10,10,7+i); c[1]=0x00008067; mprotect(c,ps,PROT_READ|PROT_EXEC); flush(c,c+2); t+=((fn)c)(0); } printf("%ld\n",t);
  /* two virtual addresses of the same memory: written by one, run by the other */
  int f=memfd_create("code",0); if(f>=0&&ftruncate(f,ps)==0){ uint32_t*w=mmap(0,ps,PROT_READ|PROT_WRITE,MAP_SHARED,f,0); uint32_t*x=mmap(0,ps,PROT_READ|PROT_EXEC,MAP_SHARED,f,0); long u=0; for(int i=0;i<500;i++){ w[0]=addi(10,10,i); w[1]=0x00008067; __builtin___clear_cache((char*)x,(char*)(x+2)); flush(x,x+2); u+=((fn)x)(2); } printf("alias %ld\n",u); } else puts("alias -");
  /* unmapped and mapped again at the same place with other code */
  for(int i=0;i<100;i++){ munmap(c,ps); uint32_t*d=mmap(c,ps,PROT_READ|PROT_WRITE|PROT_EXEC,MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED,-1,0); d[0]=addi(10,10,i); d[1]=0x00008067; flush(d,d+2); t+=((fn)d)(5); } printf("%ld\n",t);
  /* a loop that patches itself while it runs, with fence.i */
  { uint32_t*d=c; int k=0; d[k++]=0x00000293; /* li t0,0 */ d[k++]=0x00a00313; /* li t1,10 */ int patch=k; d[k++]=addi(5,5,1); d[k++]=0x00450513|0; /* addi a0,a0,4 */ (void)patch; d[k++]=0x00008067; flush(d,d+k); printf("%ld\n",((fn)d)(6)); }
  return 0; }
