#include <stdio.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
static jmp_buf jb; static sigjmp_buf sj; static volatile int n;
static void deep(int k){ volatile char pad[100]; pad[0]=k; if(k==0) longjmp(jb,7); deep(k-1); pad[1]=pad[0]; }
static void h(int s){ n++; siglongjmp(sj,s); }
int main(void){ volatile double d=2.5; int r=setjmp(jb); if(!r) deep(1000); printf("%d %g\n",r,d); for(volatile int i=0;i<20000;i++){ if(!setjmp(jb)) deep(i%30); }
  if((r=setjmp(jb))==0) longjmp(jb,0); printf("%d\n",r);
  signal(SIGUSR1,h); for(volatile int i=0;i<100;i++){ if(!sigsetjmp(sj,1)) raise(SIGUSR1); } printf("%d\n",n);
  n=0; signal(SIGSEGV,h); for(volatile int i=0;i<1000;i++){ if(!sigsetjmp(sj,1)) *(volatile int*)8=1; } printf("%d\n",n); sigset_t s; sigprocmask(SIG_BLOCK,0,&s); printf("%d %d\n",sigismember(&s,SIGSEGV),sigismember(&s,SIGUSR1)); return 0; }
