#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <errno.h>
#include <signal.h>
#include <setjmp.h>
static sigjmp_buf jb; static volatile int sig; static void h(int s){ sig=s; siglongjmp(jb,1); }
#define TRY(n,stmt) do{ sig=0; if(!sigsetjmp(jb,1)){ stmt; printf("%s: fine\n",n);} else printf("%s: signal %d\n",n,sig);}while(0)
int main(void){ signal(SIGBUS,h); signal(SIGSEGV,h); const char*N="/tmp/pw_t_mapfile"; int f=open(N,O_RDWR|O_CREAT|O_TRUNC,0600); enum{S=300000}; static char buf[S]; for(int i=0;i<S;i++) buf[i]=i*7+(i>>8); if(write(f,buf,S)!=S) return 1;
  volatile unsigned char*p=mmap(0,S,PROT_READ|PROT_WRITE,MAP_PRIVATE,f,0),*s=mmap(0,S,PROT_READ|PROT_WRITE,MAP_SHARED,f,0),*s2=mmap(0,8192,PROT_READ,MAP_SHARED,f,8192); volatile unsigned long a=0; for(int i=0;i<S;i++) a=a*31+p[i]; printf("%016lx tail %d\n",a,p[S]|p[S+100]);
  p[10]=99; printf("private %d shared %d\n",p[10],s[10]); s[20]=77; printf("shared write: private sees %d\n",p[5000]==s[5000]); s[8192+5]=55; printf("other map %d\n",s2[5]); char c; pread(f,&c,1,20); printf("read sees %d\n",c); pwrite(f,"Q",1,8192+6); printf("map sees write %c\n",s2[6]); pread(f,&c,1,10); printf("private not in file %d\n",c==(char)(10*7)); 
  s[S-1]=1; s[S]=9; msync(s,S,MS_SYNC); struct stat st; fstat(f,&st); printf("size %ld\n",(long)st.st_size); printf("munmap %d\n",munmap(s,S)); pread(f,&c,1,S-1); printf("%d\n",c);
  int r=open(N,O_RDONLY); errno=0; void*x=mmap(0,4096,PROT_READ|PROT_WRITE,MAP_SHARED,r,0); printf("shared write of read-only %d %d\n",x==MAP_FAILED,errno==EACCES); x=mmap(0,4096,PROT_READ|PROT_WRITE,MAP_PRIVATE,r,0); printf("private write of read-only %d\n",x!=MAP_FAILED); errno=0; void*y=mmap(0,4096,PROT_READ,MAP_PRIVATE,r,100); printf("unaligned offset %d %d\n",y==MAP_FAILED,errno==EINVAL); close(r);
  volatile unsigned char*z=mmap(0,4096*200,PROT_READ,MAP_SHARED,f,0); TRY("last page",a+=z[S]); TRY("beyond the end",a+=z[4096*100]); close(f); TRY("after close",a+=z[4096*3]); 
  f=open(N,O_RDWR); ftruncate(f,4096); TRY("after truncation, first page",a+=z[1]); TRY("after truncation, second page",a+=z[4096]); ftruncate(f,8192); TRY("extended",a+=z[4096]); printf("%d\n",z[4096]); close(f); unlink(N); TRY("after unlink",a+=z[1]);
  madvise(p,S,MADV_DONTNEED); TRY("private after dontneed, page 0",a+=p[10]); printf("%d\n",p[10]);
  int q=open("text.txt",O_RDONLY); if(q>=0){ fstat(q,&st); unsigned char*t=mmap(0,st.st_size,PROT_READ,MAP_PRIVATE,q,0); unsigned long k=0; for(long i=0;i<st.st_size;i++) k=k*31+t[i]; printf("text %016lx\n",k);} else puts("no text"); return 0; }
