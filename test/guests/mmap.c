#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <signal.h>
#include <setjmp.h>
#include <errno.h>
#include <unistd.h>
#include <stdint.h>
static sigjmp_buf jb; static volatile int code,signo_; static void*volatile addr;
static void onsegv(int s,siginfo_t*i,void*u){ (void)u; signo_=s; code=i->si_code; addr=i->si_addr; siglongjmp(jb,1); }
#define TRY(name,base,stmt) do{ signo_=0; if(!sigsetjmp(jb,1)){ stmt; printf("%s: no fault\n",name);} else printf("%s: signal %d code %d offset %ld\n",name,signo_,code,(long)((char*)addr-(char*)(base))); }while(0)
int main(void){
  struct sigaction sa={.sa_sigaction=onsegv,.sa_flags=SA_SIGINFO}; sigaction(SIGSEGV,&sa,0); sigaction(SIGBUS,&sa,0);
  long ps=sysconf(_SC_PAGESIZE); printf("page %ld\n",ps);
  volatile char*p=mmap(0,16*ps,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); 
  for(int i=0;i<16*ps;i++) if(p[i]) puts("not zero");
  for(int i=0;i<16;i++) p[i*ps]=i+1;
  mprotect((void*)(p+4*ps),2*ps,PROT_READ);
  TRY("read of read-only",p,(void)p[4*ps]); TRY("write of read-only",p,p[4*ps+5]=1); TRY("write next",p,p[6*ps]=9);
  mprotect((void*)(p+8*ps),ps,PROT_NONE); TRY("read of none",p,(void)p[8*ps+1]); TRY("write of none",p,p[8*ps+2]=1);
  mprotect((void*)(p+8*ps),ps,PROT_READ|PROT_WRITE); TRY("restored",p,p[8*ps]++); printf("%d\n",p[8*ps]);
  munmap((void*)(p+10*ps),2*ps); TRY("unmapped",p,(void)p[10*ps+7]); TRY("around",p,(void)(p[9*ps]+p[12*ps]));
  TRY("null",0,*(volatile int*)0=1); TRY("null read",0,(void)*(volatile int*)16);
  TRY("jump to data",p,((void(*)(void))(p+2*ps))());
  int e=mprotect((void*)(p+9*ps),4*ps,PROT_READ); printf("mprotect over hole %d %d\n",e,errno==ENOMEM);
  errno=0; e=munmap((void*)(p+1),ps); printf("munmap unaligned %d %d\n",e,errno==EINVAL);
  errno=0; void*q=mmap(0,0,PROT_READ,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); printf("mmap 0 %d %d\n",q==MAP_FAILED,errno==EINVAL);
  errno=0; q=mmap(0,ps,PROT_READ,MAP_PRIVATE,-1,0); printf("mmap bad fd %d %d\n",q==MAP_FAILED,errno==EBADF);
  /* fixed */
  char*f=mmap((void*)(p+13*ps),ps,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED,-1,0); printf("fixed %ld value %d neighbours %d %d\n",(long)(f-p)/ps,f[0],p[12*ps],p[14*ps]);
  
  /* madvise */
  p[15*ps]=77; madvise((void*)(p+15*ps),ps,MADV_DONTNEED); printf("dontneed %d\n",p[15*ps]); p[15*ps]=78; printf("%d\n",p[15*ps]);
  printf("willneed %d\n",madvise((void*)p,4*ps,MADV_WILLNEED));
  /* mremap */
  char*m=mmap(0,4*ps,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); for(int i=0;i<4;i++) memset(m+i*ps,'a'+i,ps);
  char*m2=mremap(m,4*ps,64*ps,MREMAP_MAYMOVE); printf("grown %d %c%c%c%c %d %d\n",m2!=MAP_FAILED,m2[0],m2[ps],m2[2*ps],m2[4*ps-1],m2[4*ps],m2[64*ps-1]);
  m2[63*ps]='z'; char*m3=mremap(m2,64*ps,2*ps,0); printf("shrunk %d %c%c\n",m3==m2,m3[0],m3[2*ps-1]); TRY("beyond shrunk",m3,(void)*(volatile char*)(m3+2*ps));
  char*hole=mmap(0,8*ps,PROT_NONE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); char*m4=mremap(m3,2*ps,2*ps,MREMAP_MAYMOVE|MREMAP_FIXED,hole+ps); printf("moved %d %c%c\n",m4==hole+ps,m4[0],m4[ps]); TRY("old place",m3,(void)*(volatile char*)m3); TRY("below moved",hole,(void)*(volatile char*)hole);
  errno=0; q=mremap(hole+ps,2*ps,4*ps,0); printf("no room to grow in place %d %d\n",q==MAP_FAILED,errno==ENOMEM);
  /* large sparse */
  size_t G=(size_t)8<<30; char*g=mmap(0,G,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE,-1,0); unsigned long sum=0; for(size_t i=0;i<G;i+=G/97/ps*ps) g[i]=i>>20; for(size_t i=0;i<G;i+=G/97/ps*ps) sum+=(unsigned char)g[i]; printf("sparse %lu\n",sum); munmap(g,G);
  /* PROT_NONE reserve then commit */
  char*rs=mmap(0,1<<30,PROT_NONE,MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE,-1,0); mprotect(rs+(1<<20),1<<16,PROT_READ|PROT_WRITE); rs[1<<20]=5; printf("commit %d\n",rs[1<<20]); TRY("reserve",rs,rs[0]=1);
  /* brk */
  char*b0=sbrk(0); char*b1=sbrk(100000); memset(b1,7,100000); printf("sbrk %d\n",b1==b0); sbrk(-100000); printf("%d\n",(char*)sbrk(0)==b0); char*b2=sbrk(100000); int nz=0; for(int i=ps;i<100000;i++) nz+=b2[i]!=0; printf("regrown dirty %d\n",nz);
  /* shared anonymous */
  char*sh=mmap(0,2*ps,PROT_READ|PROT_WRITE,MAP_SHARED|MAP_ANONYMOUS,-1,0); sh[0]=1; sh[ps]=2; printf("shared %d %d msync %d\n",sh[0],sh[ps],msync(sh,2*ps,MS_SYNC));
  /* fault handler that repairs: like a garbage collector's barrier */
  unsigned char vec[4]; int mc=mincore(sh,2*ps,vec); printf("mincore %d\n",mc==0);
  return 0; }
