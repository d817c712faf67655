#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <sys/select.h>
#define S(x) do { errno=0; long r_=(x); printf("%s = %ld %s\n", #x, r_, r_<0?strerrorname_np(errno):""); } while(0)
static int ep; static struct epoll_event ev[16];
static int add(int fd,unsigned e,int op){ struct epoll_event v={e,{.u64=fd}}; errno=0; int r=epoll_ctl(ep,op,fd,&v); return r<0?-errno:r; }
static void w(const char*n,int ms){ int r=epoll_wait(ep,ev,16,ms); printf("%s: %d",n,r); for(int i=0;i<r;i++) printf(" %d:%x",(int)ev[i].data.u64,ev[i].events); puts(""); }
static void onalrm(int s){}
int main(void){ char name[60]; sprintf(name,"/tmp/pagewalk-epoll-%d",getpid());
  setvbuf(stdout,0,_IONBF,0);
  int p[2],q[2],sv[2]; char b[100000]; 
  S(epoll_create1(5)); ep=epoll_create1(EPOLL_CLOEXEC);
  pipe(p); pipe(q); socketpair(AF_UNIX,SOCK_STREAM|SOCK_NONBLOCK,0,sv);
  printf("%d\n",add(p[0],EPOLLIN,EPOLL_CTL_ADD));printf("%d\n",add(p[0],EPOLLIN,EPOLL_CTL_ADD));printf("%d\n",add(p[1],EPOLLIN,EPOLL_CTL_MOD));
  printf("%d %d %d %d\n",add(ep,EPOLLIN,EPOLL_CTL_ADD),add(99,EPOLLIN,EPOLL_CTL_ADD),add(p[1],0,EPOLL_CTL_DEL),add(p[0],1,9));
  int f=open(name,O_RDWR|O_CREAT,0600); printf("file %d dir %d null %d\n",add(f,1,1),add(open("/tmp",0),1,1),add(open("/dev/null",0),1,1));
  S(epoll_wait(p[0],ev,1,0)); S(epoll_wait(ep,ev,0,0)); S(epoll_ctl(p[0],1,p[1],ev)); S(epoll_wait(99,ev,1,0));
  w("empty",0); w("empty10",10); write(p[1],"x",1); w("lt",0); w("lt",-1); read(p[0],b,1); w("drained",0);
  // ET
  add(p[0],EPOLLIN|EPOLLET,EPOLL_CTL_MOD); write(p[1],"xy",2); w("et",0); w("et again",0); read(p[0],b,1); w("et after partial read",0); write(p[1],"z",1); w("et new",0); w("et new again",0); add(p[0],EPOLLIN|EPOLLET,EPOLL_CTL_MOD); w("et mod",0);
  // oneshot
  add(p[0],EPOLLIN|EPOLLONESHOT,EPOLL_CTL_MOD); w("oneshot",0); w("oneshot",0); write(p[1],"z",1); w("oneshot",0); add(p[0],EPOLLIN|EPOLLONESHOT,EPOLL_CTL_MOD); w("oneshot rearmed",0);
  printf("del %d\n",add(p[0],0,EPOLL_CTL_DEL));
  // sockets
  add(sv[0],EPOLLIN|EPOLLOUT|EPOLLRDHUP|EPOLLET,EPOLL_CTL_ADD); w("sock et",0); w("sock et",0); write(sv[1],"1",1); w("sock data",0); w("sock",0); read(sv[0],b,10); w("sock read",0);
  long t=0,r; while((r=write(sv[0],b,1000))>0) t+=r; printf("full %s\n",strerrorname_np(errno)); w("full",0); read(sv[1],b,10); w("small room",0); while((r=read(sv[1],b,sizeof b))>0); w("room",0); w("room",0);
  shutdown(sv[1],SHUT_WR); w("rdhup",0); close(sv[1]); w("hup",0); w("hup",0); close(sv[0]); w("closed",0);
  // order
  for(int i=0;i<3;i++){ pipe(sv); fcntl(sv[0],F_DUPFD,20+i); add(20+i,EPOLLIN,EPOLL_CTL_ADD); fcntl(sv[1],F_DUPFD,30+i); close(sv[0]); close(sv[1]); }
  write(31,"a",1); write(30,"a",1); write(32,"a",1); w("order",0); for(int i=0;i<4;i++){ int n=epoll_wait(ep,ev,1,0); printf("%d:%d ",n,(int)ev[0].data.u64);} puts("");
  // dup keeps it registered
  int d=dup(20); close(20); w("dup",0); close(d); w("dup closed",0); close(21); close(22); close(30); close(31); close(32);
  // eventfd
  int e=eventfd(3,EFD_NONBLOCK); uint64_t c; S(read(e,&c,8)); printf("%lu\n",c); S(read(e,&c,8)); S(read(e,&c,4)); c=~0ull; S(write(e,&c,8)); c=~0ull-1; S(write(e,&c,8)); c=1; S(write(e,&c,8)); add(e,EPOLLIN|EPOLLOUT,EPOLL_CTL_ADD); w("efd",0); S(read(e,&c,8)); w("efd",0); close(e);
  e=eventfd(2,EFD_SEMAPHORE|EFD_NONBLOCK); S(read(e,&c,8)); printf("%lu\n",c); S(read(e,&c,8)); S(read(e,&c,8)); close(e);
  e=eventfd(0,0); pid_t pid=fork(); if(!pid){ usleep(2000); c=5; write(e,&c,8); usleep(2000); c=6; write(e,&c,8); exit(0);} S(read(e,&c,8)); printf("%lu\n",c); add(e,EPOLLIN|EPOLLET,EPOLL_CTL_ADD); w("wait efd",-1); wait(0); close(e);
  // timerfd
  int tf=timerfd_create(CLOCK_MONOTONIC,TFD_NONBLOCK); S(read(tf,&c,8)); struct itimerspec its={{0,200000000},{0,200000000}}, cur; S(timerfd_settime(tf,0,&its,0)); add(tf,EPOLLIN,EPOLL_CTL_ADD); w("timer",1000); S(read(tf,&c,8)); printf("%d\n",c>=1); w("timer",1000); usleep(450000); S(read(tf,&c,8)); printf("%d\n",c>=2); S(timerfd_gettime(tf,&cur)); printf("%d %ld\n",cur.it_value.tv_nsec<=200000000&&cur.it_value.tv_nsec>0,cur.it_interval.tv_nsec);
  add(tf,EPOLLIN|EPOLLET,EPOLL_CTL_MOD); w("timer et",1000);
  its=(struct itimerspec){0}; S(timerfd_settime(tf,0,&its,&cur)); w("disarmed",20); S(read(tf,&c,8)); 
  struct timespec now; clock_gettime(CLOCK_MONOTONIC,&now); its.it_value=now; its.it_value.tv_nsec+=3000000; if(its.it_value.tv_nsec>=1000000000){its.it_value.tv_nsec-=1000000000;its.it_value.tv_sec++;} S(timerfd_settime(tf,TFD_TIMER_ABSTIME,&its,0)); struct pollfd pf={tf,POLLIN}; S(poll(&pf,1,1000)); S(read(tf,&c,8)); S(timerfd_settime(tf,TFD_TIMER_ABSTIME,&now,0)<0||1); close(tf);
  tf=timerfd_create(CLOCK_REALTIME,0); clock_gettime(CLOCK_REALTIME,&its.it_value); its.it_interval=(struct timespec){0}; its.it_value.tv_sec-=5; S(timerfd_settime(tf,TFD_TIMER_ABSTIME,&its,0)); S(read(tf,&c,8)); printf("%lu\n",c); its.it_value=(struct timespec){0,2000000}; S(timerfd_settime(tf,0,&its,0)); S(read(tf,&c,8)); fd_set fs; FD_ZERO(&fs); FD_SET(tf,&fs); its.it_value=(struct timespec){0,2000000}; timerfd_settime(tf,0,&its,0); struct timeval tv={1,0}; S(select(tf+1,&fs,0,0,&tv)); S(write(tf,&c,8)); S(timerfd_create(77,0)); S(timerfd_create(1,1)); S(timerfd_settime(ep,0,&its,0)); close(tf);
  // nested
  int outer=epoll_create1(0), inner=ep; struct epoll_event v={EPOLLIN,{.u64=1}}; S(epoll_ctl(outer,1,inner,&v)); v.data.u64=2; S(epoll_ctl(inner,1,outer,&v)); pipe(p); add(p[0],EPOLLIN,1); S(epoll_wait(outer,ev,4,0)); write(p[1],"x",1); S(epoll_wait(outer,ev,4,0)); struct pollfd po={outer,POLLIN}; S(poll(&po,1,0)); read(p[0],b,1); S(epoll_wait(outer,ev,4,0)); S(poll(&po,1,0));
  pid=fork(); if(!pid){ usleep(3000); write(p[1],"x",1); exit(0);} S(epoll_wait(outer,ev,4,-1)); wait(0);
  // signals
  struct sigaction sa={.sa_handler=onalrm}; sigaction(SIGALRM,&sa,0); read(p[0],b,1); sigset_t m; sigemptyset(&m); sigaddset(&m,SIGALRM); sigprocmask(SIG_BLOCK,&m,0); kill(getpid(),SIGALRM); S(epoll_wait(ep,ev,4,20)); sigemptyset(&m); S(epoll_pwait(ep,ev,4,1000,&m)); 
  char lk[100]={0}; readlink("/proc/self/fd/3",lk,99); S(open("/proc/self/fd/3",0)); puts(lk);
  unlink(name);
  return 0; }
