#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <errno.h>
#include <elf.h>
#include <sys/random.h>
int main(int c,char**v){ printf("argc %d\n",c); for(int i=1;i<c;i++) printf("[%s]\n",v[i]); printf("HOME %s\nGREETING %s\nEMPTY %s\n",getenv("NOSUCH_HOME")?"set":"unset",getenv("GREETING")?getenv("GREETING"):"-",getenv("EMPTY")?getenv("EMPTY"):"-"); setenv("NEW","value",1); putenv("PUT=x"); printf("%s %s\n",getenv("NEW"),getenv("PUT")); unsetenv("NEW"); printf("%d\n",getenv("NEW")==0);
  printf("pagesz %lu phent %lu phnum>0 %d entry %d clktck %lu secure %lu random %d execfn %d base %lu\n",getauxval(AT_PAGESZ),getauxval(AT_PHENT),getauxval(AT_PHNUM)>0,getauxval(AT_ENTRY)!=0,getauxval(AT_CLKTCK),getauxval(AT_SECURE),getauxval(AT_RANDOM)!=0,getauxval(AT_EXECFN)!=0,getauxval(AT_BASE)); struct utsname u; printf("uname %d %s %s\n",uname(&u),u.sysname,u.machine); printf("ids %d %d %d\n",getpid()>0,getuid()==geteuid(),getgid()==getegid()); printf("hwcap has IMAFDC %d\n",(getauxval(AT_HWCAP)&0x112d)==0x112d); char r[32]={0}; printf("getrandom %zd\n",getrandom(r,32,0)); int z=0; for(int i=0;i<32;i++) z+=r[i]!=0; printf("%d\n",z>8); printf("nprocs %d\n",sysconf(_SC_NPROCESSORS_ONLN)>=1); printf("isatty %d %s\n",isatty(1),strerrorname_np(errno)); printf("invocation name ends %d\n",strlen(program_invocation_short_name)>0); atexit((void(*)(void))fflush); return c+40; }
