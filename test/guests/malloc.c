#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stdint.h>
#include <malloc.h>
#include <errno.h>
static uint64_t s=1; static uint64_t rnd(void){ s^=s<<13; s^=s>>7; s^=s<<17; return s; }
int main(void){
  enum{N=2000}; static unsigned char*p[N]; static size_t n[N]; uint64_t h=0;
  for(int i=0;i<60000;i++){ int k=rnd()%N; int op=rnd()%4;
    if(!p[k]){ n[k]=1+rnd()%(i%500==0?3000000:i%50==0?70000:900); p[k]=op==0?calloc(1,n[k]):malloc(n[k]); if(op==0) for(size_t j=0;j<n[k];j+=97) if(p[k][j]) {puts("calloc dirty");return 1;} memset(p[k],k&255,n[k]); }
    else if(op==1){ size_t m=1+rnd()%2000; size_t keep=m<n[k]?m:n[k]; p[k]=realloc(p[k],m); for(size_t j=0;j<keep;j++) if(p[k][j]!=(k&255)){puts("realloc bad");return 1;} memset(p[k],k&255,m); n[k]=m; }
    else { for(size_t j=0;j<n[k];j+=13) if(p[k][j]!=(k&255)){printf("bad %d\n",k);return 1;} h=h*31+n[k]; free(p[k]); p[k]=0; } }
  for(int k=0;k<N;k++) free(p[k]);
  printf("hash %016lx\n",h);
  void*a; int r=posix_memalign(&a,4096,10000); printf("%d %lu\n",r,(uintptr_t)a%4096); free(a);
  a=aligned_alloc(65536,65536*2); printf("%lu\n",(uintptr_t)a%65536); free(a);
  unsigned char*big=malloc(64<<20); for(size_t i=0;i<64u<<20;i+=4096) big[i]=i>>12; unsigned long t=0; for(size_t i=0;i<64u<<20;i+=4096) t+=big[i]; printf("%lu\n",t); big=realloc(big,100<<20); t=0; for(size_t i=0;i<64u<<20;i+=4096) t+=big[i]; printf("%lu\n",t); free(big);
  errno=0; a=malloc((size_t)1<<62); printf("%d %d\n",a==NULL,errno==ENOMEM);
  malloc_trim(0); puts("done"); return 0; }
