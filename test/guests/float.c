#include <stdio.h>
#include <math.h>
#include <fenv.h>
#include <complex.h>
#include <string.h>
#include <stdint.h>
#include <float.h>
#include <stdlib.h>
#pragma STDC FENV_ACCESS ON
static uint64_t bits(double d){ uint64_t u; memcpy(&u,&d,8); return u; }
static uint32_t bitsf(float d){ uint32_t u; memcpy(&u,&d,4); return u; }
static volatile double zero=0, one=1, three=3, huge_=1e308, tiny=5e-324, big=1e18; static volatile float fthree=3, fone=1, fhuge=3e38f;
static void flags(const char*w){ int e=fetestexcept(FE_ALL_EXCEPT); printf("%s:%s%s%s%s%s\n",w,e&FE_INVALID?" NV":"",e&FE_DIVBYZERO?" DZ":"",e&FE_OVERFLOW?" OF":"",e&FE_UNDERFLOW?" UF":"",e&FE_INEXACT?" NX":""); feclearexcept(FE_ALL_EXCEPT); }
int main(void){
  feclearexcept(FE_ALL_EXCEPT);
  volatile double r; volatile float f; volatile long li; volatile int ii; volatile unsigned uu;
  r=one/zero; flags("1/0"); r=zero/zero; flags("0/0"); printf("%016lx\n",bits(r)); r=one/three; flags("1/3"); r=huge_*huge_; flags("huge*huge"); r=tiny/three; flags("tiny/3"); r=sqrt(-one); flags("sqrt(-1)"); r=one+one; flags("1+1");
  f=fone/fthree; flags("f1/3"); f=fhuge*fhuge; flags("fhuge"); f=(float)big; flags("(float)1e18"); f=(float)(one/three); flags("(float)1/3"); 
  r=zero/zero; feclearexcept(FE_ALL_EXCEPT); li=(long)r; flags("(long)nan"); printf("%ld\n",li); r=1e30; li=(long)r; flags("(long)1e30"); printf("%ld\n",li); r=-1.5; ii=(int)r; flags("(int)-1.5"); printf("%d\n",ii); r=3e9; ii=(int)r; flags("(int)3e9"); printf("%d\n",ii); uu=(unsigned)r; flags("(unsigned)3e9"); printf("%u\n",uu); r=-3; uu=(unsigned)r; flags("(unsigned)-3"); printf("%u\n",uu); 
  r=nan(""); printf("%d %d %d %d\n",r<one,r==r,isnan(r)!=0,r!=r); flags("cmp nan"); printf("%d\n",isless(r,one)); flags("isless nan");
  int modes[]={FE_TONEAREST,FE_TOWARDZERO,FE_DOWNWARD,FE_UPWARD}; const char*nm[]={"near","zero","down","up"};
  for(int m=0;m<4;m++){ fesetround(modes[m]); volatile double a=one/three,b=-one/three,c=1e16+3.3,d=sqrt(2*one),e=one/10+2*one/10; volatile float g=fone/fthree; volatile double q=2.5,qn=-2.5; printf("%s %016lx %016lx %016lx %016lx %016lx %08x rint %g %g %ld %ld nearby %g lrint %ld fma %016lx\n",nm[m],bits(a),bits(b),bits(c),bits(d),bits(e),bitsf(g),rint(q),rint(qn),lrint(q),lrint(qn),nearbyint(1.5*one),lrint(-0.5*one),bits(fma(a,b,c))); f=(float)a; volatile double h=(double)(long)123456789012345678L; volatile float k=(float)123456789012345678L; printf("  %08x %016lx %08x\n",bitsf(f),bits(h),bitsf(k)); }
  fesetround(FE_TONEAREST); feclearexcept(FE_ALL_EXCEPT);
  printf("fma %016lx %016lx %08x\n",bits(fma(0.1*one,10*one,-one)),bits(fma(huge_,10*one,-huge_)),bitsf(fmaf(0.1f*fone,10*fone,-fone)));
  uint64_t h=0; uint64_t s=88172645463325252ull;
  for(int i=0;i<60000;i++){ s^=s<<13; s^=s>>7; s^=s<<17; double x=(double)(int64_t)s*0x1p-60; double y=(double)(int32_t)s*0x1p-28;
    double z[]={sin(x),cos(x),tan(x),exp(y),log(fabs(x)+1e-9),pow(fabs(x)+0.1,y),atan2(x,y),sqrt(fabs(x)),cbrt(x),fmod(x,fabs(y)+0.01),hypot(x,y),floor(x),ceil(x),round(x),trunc(x),fma(x,y,x),x/y,tgamma(fabs(y)/4+0.5),erf(y),asin(sin(x)),sinh(y/4),log1p(fabs(x)),expm1(y/3),remainder(x,y),nextafter(x,y),fmin(x,y),fmax(x,y),copysign(x,y),scalbn(x,(int)(s&31)-16),logb(x)};
    for(unsigned j=0;j<sizeof z/sizeof*z;j++) h=(h^bits(z[j]))*0x100000001b3ull;
    float fx=(float)x,fy=(float)y; float w[]={sinf(fx),expf(fy),logf(fabsf(fx)+1e-6f),powf(fabsf(fx)+.1f,fy),fx*fy,fx/fy,fx+fy,sqrtf(fabsf(fx)),fmaf(fx,fy,fx),fx-fy,roundf(fx)};
    for(unsigned j=0;j<sizeof w/sizeof*w;j++) h=(h^bitsf(w[j]))*0x100000001b3ull; }
  printf("math hash %016lx\n",h);
  double complex z=cexp(I*M_PI/3)*csqrt(-2+3*I); printf("%.15g %.15g\n",creal(z),cimag(z));
  printf("%016lx %016lx\n",bits(strtod("0x1.8p-1074",0)),bits(strtod("1.7976931348623159e308",0)));
  { volatile double n; uint64_t sn=0x7ff0000000000001ull; double t; memcpy(&t,&sn,8); n=t; feclearexcept(FE_ALL_EXCEPT); r=n+one; flags("snan+1"); printf("%016lx\n",bits(r)); r=fmin(n,one); flags("fmin snan"); printf("%016lx %016lx %016lx\n",bits(r),bits(fmin(-zero,zero)),bits(fmax(-zero,zero))); }
  { uint64_t d=0; for(int i=0;i<200;i++){ volatile double x=ldexp(1.0+i/256.0,-1070+i/10), y=ldexp(1.0+i/77.0,-i/8); r=x*y; d=(d^bits(r))*31; r=x/3.7; d=(d^bits(r))*31; volatile float q=(float)ldexp(1+i/200.0,-150+i/6); d=(d^bitsf(q))*31; q=q*0.3f; d=(d^bitsf(q))*31; } printf("subnormal hash %016lx\n",d); flags("subnormals"); }
  return 0; }
