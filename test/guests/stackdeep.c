#include <stdio.h>
#include <string.h>
#include <alloca.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/resource.h>
static unsigned long f(int n){ volatile char pad[1000]; memset((char*)pad,n,sizeof pad); if(n==0) return pad[5]; unsigned long r=f(n-1); return r*31+(unsigned char)pad[n%1000]; }
static char alt[32768]; static void over(int s){ (void)s; static const char m[]="stack overflow caught\n"; if(write(1,m,sizeof m-1)<0) _exit(9); _exit(3); }
static unsigned long g(unsigned long n){ volatile char pad[4000]; pad[0]=n; unsigned long r=g(n+1); return r+pad[0]; }
int main(void){ printf("%lx\n",f(5000)); unsigned long s=0; for(int i=1;i<40;i++){ volatile char*p=alloca(i*20000); for(int j=0;j<i*20000;j+=997){ p[j]=j; s+=(unsigned char)p[j]; } if(i>18) break; } printf("%lu\n",s); struct rlimit r; getrlimit(RLIMIT_STACK,&r); printf("limit %lu KiB\n",r.rlim_cur/1024); fflush(stdout); stack_t ss={.ss_sp=alt,.ss_size=sizeof alt}; sigaltstack(&ss,0); struct sigaction sa={.sa_handler=over,.sa_flags=SA_ONSTACK}; sigaction(SIGSEGV,&sa,0); printf("%lu\n",g(0)); return 0; }
