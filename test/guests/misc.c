#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>
#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <fcntl.h>
#include <sched.h>
/* misaligned and page-crossing accesses, integer corner cases, bad pointers to the kernel */
static uint64_t h; static void add(uint64_t v){ h=(h^v)*0x100000001b3ull; }
int main(void){ static char b[16384] __attribute__((aligned(4096))); for(int i=0;i<16384;i++) b[i]=i*13+(i>>7);
  for(int o=0;o<4200;o++){ uint16_t s; uint32_t w; uint64_t d; double f; __asm__ volatile("lhu %0,0(%1)":"=r"(s):"r"(b+o)); __asm__ volatile("lwu %0,0(%1)":"=r"(w):"r"(b+o)); __asm__ volatile("ld %0,0(%1)":"=r"(d):"r"(b+o)); __asm__ volatile("fld %0,0(%1)":"=f"(f):"r"(b+o)); add(s); add(w); add(d); uint64_t fb; memcpy(&fb,&f,8); add(fb); __asm__ volatile("sd %0,0(%1)"::"r"(d+o),"r"(b+8192+o/2):"memory"); __asm__ volatile("sw %0,0(%1)"::"r"(d^o),"r"(b+12288-3):"memory"); __asm__ volatile("sh %0,0(%1)"::"r"(d),"r"(b+4095):"memory"); } for(int i=0;i<16384;i++) add(b[i]); printf("%016lx\n",h);
  volatile int64_t x=INT64_MIN,m=-1,z=0; volatile int32_t x3=INT32_MIN,m3=-1,z3=0; int64_t q,r; 
#define OP(i,a,c) do{ __asm__ volatile(#i " %0,%1,%2":"=r"(q):"r"((int64_t)(a)),"r"((int64_t)(c))); printf(#i " %lx\n",q);}while(0)
  OP(div,x,m); OP(rem,x,m); OP(div,x,z); OP(rem,x,z); OP(divu,x,z); OP(remu,x,z); OP(divw,x3,m3); OP(remw,x3,m3); OP(divw,x3,z3); OP(remw,x3,z3); OP(divuw,x3,z3); OP(remuw,x3,z3); OP(mulh,x,x); OP(mulhu,x,m); OP(mulhsu,m,x); OP(mulhsu,x,m); OP(mulw,x3,m3); OP(sllw,m3,33); OP(sraw,x3,63); OP(srlw,m3,36); OP(sll,m,65); OP(sra,x,127); OP(addw,0x7fffffff,1); OP(subw,x3,1); r=0; (void)r; 
  h=0; uint64_t s=5; for(int i=0;i<100000;i++){ s=s*6364136223846793005ull+1442695040888963407ull; int64_t A=s,B=(int64_t)(s>>(i%64))*(i&1?-1:1); if(B==0) B=3; add(A/B); add(A%B); add((uint64_t)A/(uint64_t)B); add((uint64_t)A%(uint64_t)B); __asm__ volatile("mulh %0,%1,%2":"=r"(q):"r"(A),"r"(B)); add(q); __asm__ volatile("mulhsu %0,%1,%2":"=r"(q):"r"(A),"r"(B)); add(q); __asm__ volatile("divw %0,%1,%2":"=r"(q):"r"(A),"r"(B)); add(q); __asm__ volatile("remuw %0,%1,%2":"=r"(q):"r"(A),"r"(B)); add(q);} printf("%016lx\n",h);
#define E(call) do{ errno=0; long r_=(long)(call); printf("%s = %ld%s%s\n",#call,r_<0?-1:r_,r_<0?" ":"",r_<0?strerrorname_np(errno):""); }while(0)
  E(write(1,(void*)8,4)); E(syscall(SYS_write,1,(void*)0xffffffff80000000ul,4)); E(read(open("/dev/zero",O_RDONLY),(void*)16,4)); E(open((void*)8,O_RDONLY)); E(syscall(SYS_openat,-100,(void*)-1l,0)); E(write(77,"x",1)); E(syscall(5000)); E(write(1,"",0)); struct pollfd p={.fd=1,.events=POLLOUT}; E(poll(&p,1,0)); int fl; E(ioctl(1,TIOCGWINSZ,&fl)); E(syscall(SYS_gettid)>0); E(sched_yield()); E(syscall(SYS_readlinkat,-100,"/proc/self/exe",b,100)>0); 
  /* a buffer whose second half is unreadable: short write or EFAULT */ 
  return 0; }
