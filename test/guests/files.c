#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/statvfs.h>
#define D "/tmp/pw_t_files"
#define E(call) do{ errno=0; long r_=(long)(call); printf("%s = %ld%s%s\n",#call,r_,r_<0?" ":"",r_<0?strerrorname_np(errno):""); }while(0)
static int cmp(const void*a,const void*b){ return strcmp(*(char**)a,*(char**)b); }
static void list(const char*d){ DIR*x=opendir(d); if(!x){ printf("opendir %s: %s\n",d,strerrorname_np(errno)); return;} char*n[300]; int k=0; struct dirent*e; while((e=readdir(x))&&k<300){ char b[300]; snprintf(b,300,"%s%s",e->d_name,e->d_type==DT_DIR?"/":e->d_type==DT_LNK?"@":""); n[k++]=strdup(b);} rewinddir(x); int again=0; while(readdir(x)) again++; closedir(x); qsort(n,k,sizeof*n,cmp); printf("%s: %d, again %d:",d,k,again); for(int i=0;i<k;i++) if(k<20||i%37==0) printf(" %s",n[i]); printf("\n"); }
int main(void){
  char b[256]; struct stat st; 
  E(mkdir(D,0755)); E(mkdir(D,0755)); E(chdir(D)); printf("%s\n",getcwd(b,sizeof b));
  int f=open("a.txt",O_RDWR|O_CREAT|O_EXCL,0644); printf("open %d\n",f>=3); E(write(f,"hello, world\n",13)); E(lseek(f,0,SEEK_SET)); memset(b,0,sizeof b); E(read(f,b,5)); printf("%s\n",b); E(lseek(f,0,SEEK_CUR)); E(lseek(f,-3,SEEK_END)); E(lseek(f,-100,SEEK_SET)); E(pread(f,b,5,7)); printf("%.5s\n",b); E(pwrite(f,"WORLD",5,7)); E(lseek(f,0,SEEK_CUR)); E(fstat(f,&st)); printf("size %ld mode %o links %ld blksize>0 %d\n",(long)st.st_size,st.st_mode,(long)st.st_nlink,st.st_blksize>0);
  E(ftruncate(f,5)); E(fstat(f,&st)); printf("size %ld\n",(long)st.st_size); E(ftruncate(f,20)); E(pread(f,b,20,0)); for(int i=0;i<20;i++) printf("%02x",(unsigned char)b[i]); puts("");
  struct iovec iv[3]={{"one ",4},{"two ",4},{"three",5}}; E(lseek(f,0,SEEK_SET)); E(writev(f,iv,3)); char x[4],y[6],z[10]; struct iovec rv[3]={{x,4},{y,6},{z,10}}; E(lseek(f,0,SEEK_SET)); E(readv(f,rv,3)); printf("%.4s|%.6s\n",x,y); E(pwritev(f,iv,2,2)); E(preadv(f,rv,2,0)); printf("%.4s|%.6s\n",x,y);
  E(lseek(f,100000,SEEK_SET)); E(write(f,"end",3)); E(fstat(f,&st)); printf("sparse size %ld\n",(long)st.st_size); E(pread(f,b,4,50000)); printf("%d\n",b[0]|b[1]|b[2]|b[3]); E(close(f)); E(close(f));
  E(open("a.txt",O_RDWR|O_CREAT|O_EXCL,0644)); E(open("missing",O_RDONLY)); E(open("a.txt/x",O_RDONLY)); E(open(".",O_WRONLY)); 
  int g=open("a.txt",O_WRONLY|O_APPEND); E(write(g,"APP",3)); E(lseek(g,0,SEEK_CUR)); E(read(g,b,1)); close(g); g=open("a.txt",O_WRONLY|O_TRUNC); E(fstat(g,&st)); printf("truncated %ld\n",(long)st.st_size); close(g);
  E(rename("a.txt","b.txt")); E(stat("a.txt",&st)); E(stat("b.txt",&st)); E(mkdir("sub",0700)); E(rename("b.txt","sub/c.txt")); E(access("sub/c.txt",R_OK|W_OK)); E(access("nope",F_OK)); E(rmdir("sub")); E(unlink("sub")!=0); 
  for(int i=0;i<250;i++){ snprintf(b,sizeof b,"file%03d",i); int h=open(b,O_CREAT|O_WRONLY,0600); if(write(h,b,7)!=7) puts("short"); close(h);} list("."); list("sub"); list("/tmp/pw_nope");
  /* unlink while open */
  int u=open("file007",O_RDWR); E(unlink("file007")); E(pread(u,b,7,0)); printf("%.7s\n",b); E(write(u,"still",5)); E(fstat(u,&st)); printf("links %ld size %ld\n",(long)st.st_nlink,(long)st.st_size); close(u);
  /* dup, cloexec, fcntl */
  int h=open("file001",O_RDWR); int d=dup(h); E(lseek(d,3,SEEK_SET)); E(lseek(h,0,SEEK_CUR)); E(dup2(h,20)); E(lseek(20,0,SEEK_CUR)); E(fcntl(20,F_GETFD)); E(fcntl(20,F_SETFD,FD_CLOEXEC)); E(fcntl(20,F_GETFD)); E(fcntl(h,F_GETFL)&O_ACCMODE); E(fcntl(h,F_DUPFD,30)); E(dup(99)); close(h); close(d); close(20); close(30);
  /* pipe */
  int pf[2]; E(pipe(pf)); E(write(pf[1],"pipe data",9)); E(read(pf[0],b,100)); printf("%.9s\n",b); close(pf[1]); E(read(pf[0],b,100)); close(pf[0]);
  E(truncate("file002",3)); E(stat("file002",&st)); printf("%ld\n",(long)st.st_size); E(chmod("file002",0444)); E(stat("file002",&st)); printf("%o\n",st.st_mode&0777);
  /* stdio */
  FILE*o=fopen("stdio","w+"); unsigned long sum=0; for(int i=0;i<20000;i++) fprintf(o,"line %d\n",i); fseek(o,0,SEEK_SET); char line[64]; int n=0; while(fgets(line,64,o)){ n++; sum=sum*31+strlen(line);} printf("%d %lu %ld\n",n,sum,ftell(o)); fseek(o,-11,SEEK_END); if(fgets(line,64,o)) printf("%s",line); fclose(o); E(rename("stdio","file003"));
  FILE*t=tmpfile(); fputs("tmp",t); rewind(t); printf("%c\n",fgetc(t)); fclose(t); 
  int dz=open("/dev/zero",O_RDONLY),dn=open("/dev/null",O_RDWR); memset(b,1,16); E(read(dz,b,16)); printf("%d\n",b[15]); E(read(dn,b,16)); E(write(dn,b,16)); close(dz); close(dn); int ur=open("/dev/urandom",O_RDONLY); E(read(ur,b,16)); close(ur);
  int df=open(D,O_RDONLY|O_DIRECTORY); int of=openat(df,"file004",O_RDONLY); E(read(of,b,7)); E(fstatat(df,"file005",&st,0)); E(unlinkat(df,"file005",0)); E(faccessat(df,"file005",F_OK,0)); E(read(df,b,1)); close(of); close(df);
  E(fallocate(open("fa",O_CREAT|O_RDWR,0600),0,0,5000)); E(stat("fa",&st)); printf("%ld\n",(long)st.st_size); E(fsync(1)>=-1);
  list("."); E(chdir("/")); char cmd[300]; DIR*dd=opendir(D); struct dirent*e; int gone=0; while((e=readdir(dd))){ if(e->d_name[0]=='.') continue; snprintf(cmd,300,D "/%s",e->d_name); if(unlink(cmd)==0) gone++; } closedir(dd); printf("unlinked %d\n",gone); E(unlink(D "/sub/c.txt")); E(rmdir(D "/sub")); E(rmdir(D)); E(stat(D,&st)); return 0; }
