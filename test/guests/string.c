#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>
#include <wchar.h>
#include <wctype.h>
#include <locale.h>
#include <stdint.h>
#include <regex.h>
#include <errno.h>
#include <fnmatch.h>
static uint64_t h; static void add(uint64_t v){ h=(h^v)*0x100000001b3ull; }
int main(void){ static char a[9000],b[9000]; uint64_t s=99; for(int i=0;i<9000;i++){ s=s*6364136223846793005ull+1; a[i]=1+(s>>40)%255; }
  for(int al=0;al<17;al++) for(int n=0;n<130;n+=1+al%3){ memset(b,0,400); memcpy(b+al,a+al*3,n); add(memcmp(b+al,a+al*3,n)); memmove(b+al+5,b+al,n); memmove(b+al,b+al+3,n); for(int i=0;i<200;i++) add(b[i]); memset(b+al,n,n); char*q=memchr(a+al,a[n+al],n+1); add(q-a); char save=a[al+n]; a[al+n]=0; add(strlen(a+al)); strcpy(b,a+al); add(strcmp(a+al,b)); add(strncmp(a+al,b+1,10)>0); strcat(b,"tail"); q=strchr(b,'t'); add(q?q-b:-1); q=strrchr(b,'t'); add(q?q-b:-1); q=strstr(b,"tail"); add(q?q-b:-1); add(strspn(b,"abcxyz")); add(strcspn(b,"t")); q=stpcpy(b,"abc"); add(q-b); q=memmem(a+al,n,a+al+n/2,n/3); add(q?q-a:-1); a[al+n]=save; }
  printf("%016lx\n",h); char t[]="one,two;three,,four"; for(char*p=strtok(t,",;");p;p=strtok(0,",;")) printf("%s ",p); puts(""); char*sp=t,*tok; strcpy(t,"a::b:c"); while((tok=strsep(&sp,":"))) printf("<%s>",tok); puts("");
  printf("%ld %ld %lu %d\n",strtol("-123abc",0,10),strtol("0x7f",0,0),strtoul("777",0,8),atoi("  42")); errno=0; printf("%ld %d\n",strtol("99999999999999999999",0,10),errno==ERANGE); printf("%d %d %d\n",strcasecmp("HeLLo","hEllO"),strverscmp("a10","a9")>0,fnmatch("*.c","x.c",0)); printf("%s\n",setlocale(LC_ALL,"C")); wchar_t w[64]; size_t k=mbstowcs(w,"wide text",64); printf("%zd %d\n",(ssize_t)k,wcscmp(w,L"wide text")); printf("%d %d\n",isalpha('x')!=0,toupper('q')); regex_t re; int e=regcomp(&re,"^([a-z]+)([0-9]{2,4})-(x|yy)*$",REG_EXTENDED); regmatch_t m[4]; printf("%d",e); e=regexec(&re,"abc123-xyyx",4,m,0); printf(" %d %d %d %d %d\n",e,m[1].rm_so,m[1].rm_eo,m[2].rm_so,m[2].rm_eo); regfree(&re); h=0; for(int i=0;i<300;i++){ char buf[40]; snprintf(buf,40,"k%dz%d",i*37,i); e=regcomp(&re,"k([0-9]*)z(1|2|3)[0-9]*",REG_EXTENDED); add(regexec(&re,buf,4,m,0)); add(m[1].rm_eo); regfree(&re);} printf("%016lx\n",h); for(int i=0;i<134;i+=19) printf("%s\n",strerror(i)); printf("%s\n",strsignal(11)); return 0; }
