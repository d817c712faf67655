#include <stdio.h>
#include <string.h>
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/stat.h>
int main(void){ char line[4096]; unsigned long lines=0,words=0,chars=0,h=0; while(fgets(line,sizeof line,stdin)){ lines++; int in=0; for(char*p=line;*p;p++){ chars++; h=h*31+(unsigned char)*p; if(isspace((unsigned char)*p)) in=0; else if(!in) in=1,words++; } if(lines<=2) printf("> %.60s%s",line,strlen(line)>60?"...\n":""); } printf("%lu %lu %lu %016lx eof %d\n",lines,words,chars,h,feof(stdin)); char c; printf("%zd\n",read(0,&c,1)); return 0; }
