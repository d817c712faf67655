#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <unistd.h>
#include <errno.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <stdint.h>
#include <sys/wait.h>
#include <setjmp.h>
static volatile int count, depth, order[32], norder, si_code_, si_pid_ok, onalt; static volatile long si_val;
static char*altbase; static size_t altsize=65536; 
static void simple(int s){ count++; order[norder++]=s; }
static void info(int s,siginfo_t*i,void*u){ (void)u; order[norder++]=s; si_code_=i->si_code; si_pid_ok=i->si_pid==getpid(); si_val=i->si_value.sival_int; char c; onalt=&c>=altbase&&&c<altbase+altsize; }
static void nest(int s){ depth++; order[norder++]=s; if(norder<4) raise(s); depth--; }
static void show(const char*w){ printf("%s:",w); for(int i=0;i<norder;i++) printf(" %d",order[i]); printf("\n"); norder=0; }
static volatile int*page; static long ps; static volatile int repaired;
static void repair(int s,siginfo_t*i,void*u){ (void)s;(void)u; uintptr_t a=(uintptr_t)i->si_addr&-ps; mprotect((void*)a,ps,PROT_READ|PROT_WRITE); repaired++; }
static void skip(int s,siginfo_t*i,void*u){ ucontext_t*c=u; order[norder++]=s; si_code_=i->si_code; uint16_t half=*(uint16_t*)c->uc_mcontext.__gregs[0]; c->uc_mcontext.__gregs[0]+=(half&3)==3?4:2; }
static void regs(int s,siginfo_t*i,void*u){ (void)s;(void)i; ucontext_t*c=u; c->uc_mcontext.__gregs[10]=1234; /* a0 */ }
static double fsave; static void fp(int s){ (void)s; volatile double a=1.5; for(int i=0;i<10;i++) a*=1.25; fsave=a; }
static void on_alarm(int s){ order[norder++]=s; }
int main(void){
  ps=sysconf(_SC_PAGESIZE); struct sigaction sa,old; memset(&sa,0,sizeof sa);
  signal(SIGUSR1,simple); raise(SIGUSR1); kill(getpid(),SIGUSR1); show("raise, kill"); 
  sa.sa_handler=nest; sa.sa_flags=SA_NODEFER; sigaction(SIGUSR2,&sa,&old); printf("old default %d\n",old.sa_handler==SIG_DFL); raise(SIGUSR2); show("nodefer nests");
  sa.sa_flags=0; sigaction(SIGUSR2,&sa,&old); printf("old nest %d flags %x\n",old.sa_handler==nest,old.sa_flags&SA_NODEFER); raise(SIGUSR2); show("deferred");
  /* masks */
  sigset_t m,o,p; sigemptyset(&m); sigaddset(&m,SIGUSR1); sigaddset(&m,SIGTERM); sigprocmask(SIG_BLOCK,&m,&o); signal(SIGTERM,simple); raise(SIGUSR1); raise(SIGTERM); raise(SIGUSR1); sigpending(&p); printf("pending %d %d %d count %d\n",sigismember(&p,SIGUSR1),sigismember(&p,SIGTERM),sigismember(&p,SIGUSR2),count); sigprocmask(SIG_SETMASK,&o,0); show("released");
  sa.sa_handler=simple; sigemptyset(&sa.sa_mask); sa.sa_flags=SA_RESETHAND; sigaction(SIGUSR1,&sa,0); raise(SIGUSR1); sigaction(SIGUSR1,0,&old); printf("reset %d\n",old.sa_handler==SIG_DFL); norder=0;
  signal(SIGUSR1,SIG_IGN); raise(SIGUSR1); puts("ignored");
  /* siginfo, alternate stack */
  altbase=mmap(0,altsize,PROT_READ|PROT_WRITE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); stack_t ss={.ss_sp=altbase,.ss_size=altsize},os; printf("sigaltstack %d\n",sigaltstack(&ss,&os)); printf("was disabled %d\n",os.ss_flags==SS_DISABLE);
  memset(&sa,0,sizeof sa); sa.sa_sigaction=info; sa.sa_flags=SA_SIGINFO|SA_ONSTACK; sigaction(SIGUSR1,&sa,0); raise(SIGUSR1); printf("code %d pid %d alt %d\n",si_code_==SI_TKILL,si_pid_ok,onalt); kill(getpid(),SIGUSR1); printf("code %d pid %d alt %d\n",si_code_==SI_USER,si_pid_ok,onalt);
  union sigval v={.sival_int=4711}; sigqueue(getpid(),SIGUSR1,v); printf("code %d value %ld\n",si_code_==SI_QUEUE,si_val); 
  sigaction(SIGRTMIN+2,&sa,0); sigaddset(&m,SIGRTMIN+2); sigprocmask(SIG_BLOCK,&m,0); for(int i=0;i<3;i++){ v.sival_int=i; sigqueue(getpid(),SIGRTMIN+2,v);} norder=0; sigprocmask(SIG_UNBLOCK,&m,0); printf("queued real-time %d last %ld\n",norder,si_val); norder=0;
  sigaltstack(0,&os); printf("alt now size %zu flags %d\n",os.ss_size,os.ss_flags);
  /* repairing fault handler */
  page=mmap(0,8*ps,PROT_NONE,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); memset(&sa,0,sizeof sa); sa.sa_sigaction=repair; sa.sa_flags=SA_SIGINFO; sigaction(SIGSEGV,&sa,0); for(int i=0;i<8;i++) page[i*ps/4]=i; int t=0; for(int i=0;i<8;i++) t+=page[i*ps/4]; printf("repaired %d sum %d\n",repaired,t);
  /* illegal instruction, breakpoint: handler skips */
  sa.sa_sigaction=skip; sigaction(SIGILL,&sa,0); sigaction(SIGTRAP,&sa,0); __asm__ volatile(".4byte 0xffffffff":::"memory"); printf("SIGILL code %d\n",si_code_); __asm__ volatile("ebreak":::"memory"); printf("SIGTRAP code %d\n",si_code_); show("skipped");
  /* handler changes a register */
  sa.sa_sigaction=regs; sigaction(SIGUSR2,&sa,0); { register long a0 __asm__("a0")=getpid(); register long a1 __asm__("a1")=SIGUSR2; register long a7 __asm__("a7")=129; __asm__ volatile("ecall":"+r"(a0):"r"(a1),"r"(a7):"memory"); printf("a0 set by handler %ld\n",a0); }
  /* floating point registers survive */
  signal(SIGUSR1,fp); long pid=getpid(); { register double x __asm__("fs0")=3.25; register double y __asm__("ft3")=-7.5; register long a0 __asm__("a0")=pid; register long a1 __asm__("a1")=SIGUSR1; register long a7 __asm__("a7")=129; __asm__ volatile("ecall":"+r"(a0),"+f"(x),"+f"(y):"r"(a1),"r"(a7):"memory"); printf("fp %g %g %g\n",x,y,fsave); }
  /* siglongjmp out of a handler restores the mask: see t_setjmp. sigsuspend: */
  signal(SIGUSR2,simple); sigemptyset(&m); sigaddset(&m,SIGUSR2); sigprocmask(SIG_BLOCK,&m,0); raise(SIGUSR2); sigset_t none; sigemptyset(&none); int r=sigsuspend(&none); printf("sigsuspend %d %d\n",r,errno==EINTR); show("during");
  raise(SIGUSR2); siginfo_t si; r=sigwaitinfo(&m,&si); printf("sigwaitinfo %d\n",r); struct timespec z={0,0}; r=sigtimedwait(&m,&si,&z); printf("sigtimedwait %d %d\n",r,errno==EAGAIN); show("none delivered");
  signal(SIGALRM,on_alarm); alarm(1); pause(); show("alarm"); printf("alarm left %u\n",alarm(0));
  printf("EINVAL %d %d\n",sigaction(SIGKILL,&sa,0),errno==EINVAL); printf("kill 0 %d\n",kill(getpid(),0)); errno=0; printf("kill nobody %d %d\n",kill(999999,0),errno==ESRCH);
  fflush(stdout); signal(SIGABRT,SIG_DFL); abort(); }
