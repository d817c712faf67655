#include <stdio.h>
#include <math.h>
#include <string.h>
#include <stdint.h>
#include <stdlib.h>
static uint64_t h; static void add(long double x){ uint64_t u[2]; memcpy(u,&x,16); h=(h^u[0])*0x100000001b3ull; h=(h^u[1])*0x100000001b3ull; }
int main(void){ long double a=1.0L/3,b=sqrtl(2),c=expl(1),d=powl(1.1L,100); printf("%.33Lg\n%.33Lg\n%.33Lg\n%.33Lg\n",a,b,c,d); uint64_t s=12345; for(int i=0;i<20000;i++){ s^=s<<13; s^=s>>7; s^=s<<17; long double x=(long double)(int64_t)s/(1LL<<40), y=(long double)(int32_t)s/1000; add(x+y); add(x*y); add(x/y); add(x-y); add((double)(x*y)); add((float)x); add((long)x); add((int)y); add((unsigned long)fabsl(x)); if(i%16==0){ add(sinl(y)); add(logl(fabsl(x)+1)); add(sqrtl(fabsl(x))); add(fmal(x,y,a)); add(floorl(x)); } h+=x<y; } printf("%016lx\n",h); printf("%Lg %Lg\n",strtold("1e4000",0),strtold("0.1",0)*1e-4930L); __int128 q=1; for(int i=1;i<30;i++) q*=i; printf("%016lx%016lx %016lx\n",(uint64_t)(q>>64),(uint64_t)q,(uint64_t)(q/1234567890123456789ll)); return 0; }
