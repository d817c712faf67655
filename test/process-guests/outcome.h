// What a call gave: as a function, because the order in which printf's arguments are worked out is the compiler's.
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void outcome(const char *what, long result) {
  printf("%s: %ld %s\n", what, result, result < 0 ? strerror(errno) : "");
}
