#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <inttypes.h>
#include <string.h>
#include <math.h>
#include <wchar.h>
#include <locale.h>
int main(void){
  for(int i=-3;i<4;i++) printf("%d %5d %-5d| %05d %+d %x %o %#x\n",i,i,i,i,i,(unsigned)i,(unsigned)i,(unsigned)i);
  double v[]={0,1,-1,0.1,1e-300,1e300,3.141592653589793,2.5,3.5,123456789.123456789,1.0/3,5e-324,1.7976931348623157e308,INFINITY,-INFINITY,NAN,-0.0,9.5,99999.95,0.5,1.5};
  for(unsigned i=0;i<sizeof v/sizeof*v;i++) printf("%g %e %f %a %.0f %.3g %10.4f %-12.2e| %+.1f %#g\n",v[i],v[i],v[i],v[i],v[i],v[i],v[i],v[i],v[i],v[i]);
  printf("%s|%10s|%-10s|%.3s|%c|%%\n","string","right","left","truncate",'x');
  printf("%" PRId64 " %" PRIu64 " %zu %td %jd\n",INT64_MIN,UINT64_MAX,(size_t)42,(ptrdiff_t)-7,(intmax_t)99);
  printf("%2$s %1$d %2$s\n",7,"pos");
  printf("%*d %-*d| %.*f\n",8,42,8,42,3,2.71828);
  long double ld=1.0L/3; printf("%Lf %Le %Lg %La\n",ld,ld,ld,ld);
  char b[64]; int n=snprintf(b,8,"%s","overflowing"); printf("%d %s\n",n,b);
  int a; double d; char s[32]; n=sscanf("  42 3.25 hello","%d %lf %31s",&a,&d,s); printf("%d %d %g %s\n",n,a,d,s);
  unsigned u; long l; n=sscanf("ff -99 0x1p4","%x %ld %lf",&u,&l,&d); printf("%d %u %ld %g\n",n,u,l,d);
  printf("%ls %lc\n",L"wide",(wint_t)L'w');
  fprintf(stderr,"to stderr\n");
  uint64_t h=0; char big[512]; for(int i=0;i<20000;i++){ double x=(double)i*1.37e-3*(i%7?1:1e20); int m=snprintf(big,512,"%.17g %d %s %08x",x,i,"abc",i*2654435761u); for(int j=0;j<m;j++) h=h*31+(unsigned char)big[j]; }
  printf("hash %016" PRIx64 "\n",h);
  setvbuf(stdout,0,_IONBF,0); puts("unbuffered"); putchar('z'); putchar('\n');
  return 0; }
