#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <unistd.h>
#include <signal.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#define S(x) do { errno=0; long r_=(x); printf("%s = %ld %s\n", #x, r_, r_<0?strerrorname_np(errno):""); } while(0)
static int pipes; static void onpipe(int s){ (void)s; pipes++; }
static int opt(int fd,int l,int o){ int v=-1; socklen_t n=4; if(getsockopt(fd,l,o,&v,&n)) return -errno; return v; }
static int pollof(int fd){ struct pollfd p={fd,POLLIN|POLLOUT|POLLRDHUP,0}; poll(&p,1,50); return p.revents; }
static struct sockaddr_un U(const char*s){ struct sockaddr_un a={AF_UNIX}; strcpy(a.sun_path,s); return a; }
static struct sockaddr_in I(int port){ struct sockaddr_in a={AF_INET,htons(port)}; a.sin_addr.s_addr=htonl(INADDR_LOOPBACK); return a; }
static void pair(void){
  
  int v[2]; char b[64]; struct stat st;
  
  S(socketpair(AF_UNIX,SOCK_STREAM,0,v));
  fstat(v[0],&st); printf("mode %o\n", st.st_mode&S_IFMT);
  printf("poll %x\n",pollof(v[0]));
  S(write(v[0],"hello world",11)); int n=0; S(ioctl(v[1],FIONREAD,&n)); printf("n=%d\n",n);
  printf("poll %x\n",pollof(v[1]));
  S(recv(v[1],b,5,MSG_PEEK)); S(recv(v[1],b,5,0)); printf("%.5s\n",b);
  S(recv(v[1],b,64,MSG_DONTWAIT)); S(recv(v[1],b,64,MSG_DONTWAIT));
  S(recv(v[1],b,0,MSG_DONTWAIT));
  S(shutdown(v[0],SHUT_WR)); printf("poll %x %x\n",pollof(v[0]),pollof(v[1]));
  S(read(v[1],b,10)); S(write(v[0],"x",1)); S(send(v[0],"x",1,MSG_NOSIGNAL)); printf("pipes %d\n",pipes);
  S(write(v[1],"back",4)); S(read(v[0],b,10));
  S(write(v[1],"unread",6));
  S(close(v[0])); printf("poll %x\n",pollof(v[1])); S(read(v[1],b,10)); S(read(v[1],b,10)); S(write(v[1],"x",1)); printf("pipes %d\n",pipes); S(close(v[1]));
  // ping pong
  S(socketpair(AF_UNIX,SOCK_STREAM,0,v));
  pid_t pid=fork();
  if(!pid){ close(v[0]); int x; long c=0; while(read(v[1],&x,4)==4){ x++; c++; write(v[1],&x,4);} exit(c==200?7:1); }
  close(v[1]); int x=0; for(int i=0;i<200;i++){ write(v[0],&x,4); read(v[0],&x,4);} printf("x=%d\n",x); close(v[0]); int status; wait(&status); printf("child %d\n",WEXITSTATUS(status));
  // big transfer
  S(socketpair(AF_UNIX,SOCK_STREAM,0,v));
  pid=fork();
  if(!pid){ close(v[0]); char*big=malloc(1000000); for(int i=0;i<1000000;i++) big[i]=i*7; long w=write(v[1],big,1000000); exit(w==1000000?3:1);} 
  close(v[1]); long sum=0,total=0; char buf[5000]; long r; while((r=read(v[0],buf,sizeof buf))>0){ total+=r; for(int i=0;i<r;i++) sum+=(unsigned char)buf[i]; } printf("total %ld sum %ld\n",total,sum); wait(&status); printf("child %d\n",WEXITSTATUS(status)); close(v[0]);
  // waitall
  S(socketpair(AF_UNIX,SOCK_STREAM,0,v));
  pid=fork(); if(!pid){ close(v[0]); for(int i=0;i<10;i++){ write(v[1],"0123456789",10); usleep(1000);} exit(0);} close(v[1]);
  char wa[200]; S(recv(v[0],wa,75,MSG_WAITALL)); S(recv(v[0],wa,75,MSG_WAITALL)); wait(0); close(v[0]);
  // dgram pair
  S(socketpair(AF_UNIX,SOCK_DGRAM,0,v)); S(write(v[0],"one",3)); S(write(v[0],"three",5)); S(write(v[0],"",0));
  S(read(v[1],b,2)); printf("%.2s\n",b); struct iovec iv={b,2}; struct msghdr m={0}; m.msg_iov=&iv; m.msg_iovlen=1; S(recvmsg(v[1],&m,MSG_TRUNC)); printf("flags %x\n",m.msg_flags); S(read(v[1],b,10)); S(recv(v[1],b,10,MSG_DONTWAIT));
  char*bigd=calloc(1,40000); for(int i=0;i<40000;i++) bigd[i]=i%251; S(send(v[0],bigd,40000,0)); char*got=calloc(1,50000); S(recv(v[1],got,50000,0)); printf("same %d\n",!memcmp(bigd,got,40000));
  struct iovec io[3]={{"ab",2},{"",0},{"cde",3}}; S(writev(v[0],io,3)); S(read(v[1],b,10));
  S(close(v[1])); S(write(v[0],"x",1)); S(write(v[0],"x",1));
  // errors
  S(socket(77,SOCK_STREAM,0)); S(socket(AF_UNIX,77,0)); S(socket(AF_INET,SOCK_STREAM,17)); S(socket(AF_INET,0,0));
}
static void names(void){
    char P[60]; sprintf(P,"/tmp/pagewalk-sockets-%d",getpid()); unlink(P);
  struct sockaddr_un a=U(P), g; socklen_t gl; char b[100]; struct stat st;
  int l=socket(AF_UNIX,SOCK_STREAM,0); printf("fresh %x\n",pollof(l));
  S(listen(l,1)); S(bind(l,(void*)&a,sizeof a)); S(stat(P,&st)); printf("%o\n",st.st_mode); S(open(P,O_RDWR));
  int l2=socket(AF_UNIX,SOCK_STREAM,0); S(bind(l2,(void*)&a,sizeof a)); S(connect(l2,(void*)&a,sizeof a));
  S(read(l,b,1)); S(write(l,b,1)); S(listen(l,1)); printf("listen %x\n",pollof(l));
  S(accept(l2,0,0)); fcntl(l,F_SETFL,O_NONBLOCK); S(accept(l,0,0));
  int c1=socket(AF_UNIX,SOCK_STREAM|SOCK_NONBLOCK,0), c2=socket(AF_UNIX,SOCK_STREAM|SOCK_NONBLOCK,0), c3=socket(AF_UNIX,SOCK_STREAM|SOCK_NONBLOCK,0);
  S(connect(c1,(void*)&a,sizeof a)); S(connect(c2,(void*)&a,sizeof a)); S(connect(c3,(void*)&a,sizeof a)); S(connect(c1,(void*)&a,sizeof a));
  printf("listen %x c1 %x c3 %x\n",pollof(l),pollof(c1),pollof(c3));
  S(write(c1,"early",5)); gl=sizeof g; int s=accept4(l,(void*)&g,&gl,SOCK_CLOEXEC|SOCK_NONBLOCK); printf("accepted %d len %d fl %x fd %x\n",s>0,gl,fcntl(s,F_GETFL)&~O_LARGEFILE,fcntl(s,F_GETFD));
  S(read(s,b,100)); gl=sizeof g; S(getsockname(s,(void*)&g,&gl)); printf("%d\n",!strcmp(g.sun_path,P)&&gl==2+strlen(P)+1); gl=sizeof g; S(getpeername(c1,(void*)&g,&gl)); printf("%d\n",!strcmp(g.sun_path,P)&&gl==2+strlen(P)+1); gl=sizeof g; S(getsockname(c1,(void*)&g,&gl)); printf("%d\n",gl); gl=sizeof g; S(getpeername(l,(void*)&g,&gl));
  struct ucred u; gl=sizeof u; S(getsockopt(s,SOL_SOCKET,SO_PEERCRED,&u,&gl)); printf("me %d\n",u.pid==getpid());
  S(close(l)); printf("c2 %x\n",pollof(c2)); S(read(c2,b,1)); S(read(c2,b,1)); S(write(c2,b,1)); S(connect(c3,(void*)&a,sizeof a)); S(unlink(P)); S(connect(c3,(void*)&a,sizeof a));
  a=U("/tmp"); S(connect(c3,(void*)&a,sizeof a)); 
  // abstract
  struct sockaddr_un ab={AF_UNIX}; socklen_t al=2+1+sprintf(ab.sun_path+1,"pagewalk%07d",getpid());
  l=socket(AF_UNIX,SOCK_STREAM,0); S(bind(l,(void*)&ab,al)); S(listen(l,5)); int d=socket(AF_UNIX,SOCK_STREAM,0); S(bind(d,(void*)&ab,al));
  pid_t pid=fork();
  if(!pid){ close(l); for(int i=0;i<3;i++){ int c=socket(AF_UNIX,SOCK_STREAM,0); if(connect(c,(void*)&ab,al)) exit(9); dprintf(c,"client %d",i); shutdown(c,SHUT_WR); char r[100]; int n=read(c,r,100); r[n]=0; printf("client got [%s]\n",r); if(read(c,r,100)!=0) exit(8); close(c);} exit(0);} 
  for(int i=0;i<3;i++){ gl=sizeof g; int c=accept(l,(void*)&g,&gl); char r[100]; int n,t=0; while((n=read(c,r+t,100-t))>0) t+=n; r[t]=0; printf("server got [%s]\n",r); dprintf(c,"echo %s",r); close(c);} 
  int stt; wait(&stt); printf("child %d\n",WEXITSTATUS(stt));
  gl=sizeof g; S(getsockname(l,(void*)&g,&gl)); printf("%d\n",gl);
  // autobind
  int au=socket(AF_UNIX,SOCK_DGRAM,0); struct sockaddr_un e={AF_UNIX}; S(bind(au,(void*)&e,2)); gl=sizeof g; S(getsockname(au,(void*)&g,&gl)); printf("%d\n",gl);
  int dg=socket(AF_UNIX,SOCK_DGRAM|SOCK_NONBLOCK,0); S(sendto(dg,"x",1,0,(void*)&g,gl)); S(connect(dg,(void*)&g,gl)); int k=0; while(send(dg,"y",1,0)==1) k++; printf("queued %s %s\n", k>0?"some":"none", strerrorname_np(errno)); printf("%x\n",pollof(dg)); g.sun_family=77; gl=sizeof g; char q; S(recvfrom(au,&q,1,0,(void*)&g,&gl)); printf("%d\n",gl); for(int i=0;i<k;i++) recv(au,&q,1,0); S(recv(au,&q,1,MSG_DONTWAIT)); printf("%x\n",pollof(dg));
  S(send(dg,"z",1,0)); close(au); S(send(dg,"z",1,0)); S(send(dg,"z",1,0)); S(listen(dg,1)); S(accept(dg,0,0)); S(shutdown(dg,7));
  S(connect(dg,(void*)&ab,al));
}
static void internet(void){
   
  char b[100]; struct sockaddr_in a=I(0), g; socklen_t gl; int one=1;
  int l=socket(AF_INET,SOCK_STREAM,0); printf("fresh %x\n",pollof(l)); S(read(l,b,1)); S(write(l,b,1)); printf("pipes %d\n",pipes); int sh=socket(AF_INET,SOCK_STREAM,0); S(shutdown(sh,2)); close(sh);
  S(bind(l,(void*)&a,sizeof a)); gl=sizeof g; getsockname(l,(void*)&g,&gl); int port=ntohs(g.sin_port); printf("port>1023 %d addr %s len %d\n",port>1023,inet_ntoa(g.sin_addr),gl);
  a=I(port); int l2=socket(AF_INET,SOCK_STREAM,0); S(bind(l2,(void*)&a,sizeof a)); S(connect(l2,(void*)&a,sizeof a)); printf("after refused %x err %d\n",pollof(l2),opt(l2,SOL_SOCKET,SO_ERROR));
  S(listen(l,1)); S(connect(l,(void*)&a,sizeof a)); S(accept(l2,0,0)); printf("listening %x accconn %d type %d dom %d proto %d\n",pollof(l),opt(l,1,SO_ACCEPTCONN),opt(l,1,SO_TYPE),opt(l,1,SO_DOMAIN),opt(l,1,SO_PROTOCOL));
  S(connect(l2,(void*)&a,sizeof a)); S(connect(l2,(void*)&a,sizeof a));
  gl=sizeof g; int s=accept(l,(void*)&g,&gl); printf("peer %s\n",inet_ntoa(g.sin_addr)); struct sockaddr_in h; gl=sizeof h; getsockname(l2,(void*)&h,&gl); printf("same port %d\n",h.sin_port==g.sin_port);
  printf("c %x s %x\n",pollof(l2),pollof(s)); S(write(l2,"hello",5)); printf("s %x\n",pollof(s)); S(recv(s,b,100,0)); S(recv(s,b,100,MSG_DONTWAIT));
  S(setsockopt(s,IPPROTO_TCP,TCP_NODELAY,&one,4)); printf("nodelay %d\n",opt(s,IPPROTO_TCP,TCP_NODELAY)); S(setsockopt(s,SOL_SOCKET,SO_KEEPALIVE,&one,4)); S(setsockopt(s,SOL_SOCKET,9999,&one,4)); S(setsockopt(s,SOL_SOCKET,SO_REUSEADDR,&one,2));
  S(shutdown(l2,SHUT_WR)); printf("c %x s %x\n",pollof(l2),pollof(s)); S(read(s,b,1)); S(write(s,"reply",5)); S(read(l2,b,100)); S(write(l2,"x",1)); printf("pipes %d\n",pipes); S(shutdown(s,SHUT_WR)); usleep(1000); printf("c %x s %x\n",pollof(l2),pollof(s)); S(read(l2,b,1)); close(s); close(l2);
  // full close then write
  int c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); s=accept(l,0,0); S(close(s)); usleep(1000); printf("c %x\n",pollof(c)); S(write(c,"1",1)); usleep(1000); printf("c %x\n",pollof(c)); S(write(c,"2",1)); S(read(c,b,1)); printf("pipes %d\n",pipes); close(c);
  // rst
  c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); s=accept(l,0,0); S(write(c,"unread",6)); usleep(1000); S(close(s)); usleep(1000); printf("c %x\n",pollof(c)); S(read(c,b,1)); S(read(c,b,1)); S(write(c,"2",1)); printf("pipes %d err %d\n",pipes,opt(c,1,SO_ERROR)); gl=sizeof g; S(getpeername(c,(void*)&g,&gl)); close(c);
  c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); s=accept(l,0,0); S(write(c,"unread",6)); usleep(1000); S(close(s)); usleep(1000); S(write(c,"2",1)); S(write(c,"2",1)); S(read(c,b,1)); close(c);
  // linger 0
  struct linger lg={1,0}; c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); s=accept(l,0,0); S(setsockopt(s,SOL_SOCKET,SO_LINGER,&lg,sizeof lg)); S(close(s)); usleep(1000); S(read(c,b,1)); close(c);
  // nonblocking connect
  c=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0); S(connect(c,(void*)&a,sizeof a)); printf("c %x err %d\n",pollof(c),opt(c,1,SO_ERROR)); S(connect(c,(void*)&a,sizeof a)); S(connect(c,(void*)&a,sizeof a)); s=accept(l,0,0); close(c); printf("s %x\n",pollof(s)); close(s);
  struct sockaddr_in no=I(1); c=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0); S(connect(c,(void*)&no,sizeof no)); printf("c %x\n",pollof(c)); printf("err %d\n",opt(c,1,SO_ERROR)); printf("err %d\n",opt(c,1,SO_ERROR)); close(c);
  c=socket(AF_INET,SOCK_STREAM|SOCK_NONBLOCK,0); S(connect(c,(void*)&no,sizeof no)); pollof(c); S(connect(c,(void*)&no,sizeof no)); S(connect(c,(void*)&a,sizeof a)); close(c);
  // unaccepted ones at close of listener
  fcntl(l,F_SETFL,O_NONBLOCK); while((s=accept(l,0,0))>=0) close(s); fcntl(l,F_SETFL,0);
  c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); close(l); usleep(1000); printf("c %x\n",pollof(c)); S(read(c,b,1)); close(c);
  // timeouts
  int v=socket(AF_INET,SOCK_DGRAM,0); struct timeval tv={0,20000}; S(setsockopt(v,SOL_SOCKET,SO_RCVTIMEO,&tv,sizeof tv)); S(recv(v,b,1,0)); close(v);
  // udp
  int u=socket(AF_INET,SOCK_DGRAM,0), w=socket(AF_INET,SOCK_DGRAM,0); a=I(0); S(bind(u,(void*)&a,sizeof a)); gl=sizeof g; getsockname(u,(void*)&g,&gl); printf("u %x\n",pollof(u));
  S(sendto(w,"dgram",5,0,(void*)&g,gl)); gl=sizeof h; S(recvfrom(u,b,3,0,(void*)&h,&gl)); printf("%s %d\n",inet_ntoa(h.sin_addr),gl); S(sendto(u,"answer",6,0,(void*)&h,gl)); S(recv(w,b,100,0)); S(send(w,"x",1,0)); S(connect(w,(void*)&g,sizeof g)); S(send(w,"conn",4,0)); S(recv(u,b,100,MSG_TRUNC)); close(u); S(send(w,"1",1,0)); usleep(1000); printf("w %x\n",pollof(w)); S(send(w,"2",1,0)); S(send(w,"3",1,0)); S(recv(w,b,1,0));
  static char big[70000]; S(send(w,big,70000,0)); 
  a=I(0); a.sin_addr.s_addr=inet_addr("8.8.8.8"); u=socket(AF_INET,SOCK_STREAM,0); S(bind(u,(void*)&a,sizeof a)); 
  a=I(0); a.sin_family=AF_INET6; S(connect(u,(void*)&a,sizeof a)); S(connect(u,(void*)&a,5)); S(bind(99,(void*)&a,16)); int pp[2]; pipe(pp); S(bind(pp[0],(void*)&a,16));
  struct sockaddr_in6 s6={AF_INET6}; s6.sin6_addr=in6addr_any; l=socket(AF_INET6,SOCK_STREAM,0); if(l>=0){ int z=0; setsockopt(l,IPPROTO_IPV6,IPV6_V6ONLY,&z,4); S(bind(l,(void*)&s6,sizeof s6)); S(listen(l,3)); gl=sizeof s6; getsockname(l,(void*)&s6,&gl); a=I(ntohs(s6.sin6_port)); c=socket(AF_INET,SOCK_STREAM,0); S(connect(c,(void*)&a,sizeof a)); gl=sizeof s6; s=accept(l,(void*)&s6,&gl); char t[100]; printf("%s %d\n",inet_ntop(AF_INET6,&s6.sin6_addr,t,100),gl);
    int c6=socket(AF_INET6,SOCK_STREAM,0); gl=sizeof s6; getsockname(l,(void*)&s6,&gl); s6.sin6_addr=in6addr_loopback; S(connect(c6,(void*)&s6,sizeof s6)); gl=sizeof s6; S(accept(l,(void*)&s6,&gl)>0); printf("%s %d\n",inet_ntop(AF_INET6,&s6.sin6_addr,t,100),gl); }
}
int main(void){ setvbuf(stdout,0,_IONBF,0); signal(SIGPIPE,onpipe); pair(); names(); internet(); return 0; }
