/** C programs of several files, compiled with debugging information in every form that compilers write. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * No file begins with code of a header: addr2line 2.40 takes file 1, which version 5's programs begin with, for file 0.
 */
const SOURCES: Readonly<Record<string, string>> = {
  'main.c': `
static char table[40 * 4096];
int first(void) { return table[1]; }

#include <stdio.h>
#include "include/step.h"

int work(int pages);
int recurse(int depth);

static void fill(void) {
  for (unsigned i = 0; i < sizeof table; i += 4096)
    table[i] = (char)step(i);
}

int main(void) {
  fill();
  int sum = work(30) + first();
  sum += recurse(20);
  sum += fread(table + 8192, 1, 5 * 4096, stdin);
  printf("%d\\n", sum);
  return 0;
}
`,
  'include/step.h': `
static inline int step(int x) {
  return (x >> 12)
    + 1;
}
`,
  'lib/work.c': `
int half(int n) { return n / 2; }

#include <stdlib.h>
#include "../include/step.h"

static inline int sum(volatile int *p, int n) {
  int s = 0;
  for (int i = 0; i < n; i++)
    s += p[i * 1024];
  return s;
}

int work(int pages) {
  int *p = malloc(pages * 4096);
  for (int i = 0; i < pages; i++)
    p[i * 1024] = step(i);
  int r = sum(p, pages) + sum(p, half(pages));
  free(p);
  return r;
}
`,
  'lib/recurse.c': `
int recurse(int depth) {
  volatile char frame[5000];
  frame[depth] = depth;
  if (depth == 0) return 0;
  return recurse(depth - 1) + frame[depth];
}
`,
};

export const COMPILER = 'riscv64-linux-gnu-gcc';
export const ENABLE = 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross';

export function writeSources(folder: string): void {
  for (const name of ['include', 'lib']) mkdirSync(join(folder, name));
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, name), text);
}

/** Compiles the program; its path. Sources are named relative to the folder, the last one by its full path. */
export function compileDebug(folder: string, name: string, flags: readonly string[]): string {
  const program = join(folder, name);
  const sources = ['main.c', 'lib/work.c', join(folder, 'lib/recurse.c')];
  execFileSync(COMPILER, ['-static', ...flags, ...sources, '-o', program], { cwd: folder });
  return program;
}

/** Every version and format, and what changes how lines are told. */
export const forms: readonly (readonly string[])[] = [
  ['-gdwarf-5', '-O0'],
  ['-gdwarf-5', '-O2'],
  ['-gdwarf-4', '-O0'],
  ['-gdwarf-4', '-O2'],
  ['-gdwarf-3', '-O1'],
  ['-gdwarf-2', '-O1'],
  ['-gdwarf-5', '-gdwarf64', '-O2'],
  ['-gdwarf-4', '-gdwarf64', '-O0'],
  ['-gdwarf-5', '-O2', '-mno-relax'],
  ['-gdwarf-5', '-O2', '-gno-as-loc-support'],
  ['-gdwarf-4', '-O2', '-gno-as-loc-support'],
  ['-gdwarf-5', '-O2', '-ffunction-sections', '-Wl,--gc-sections'],
];

/** As addr2line(1) has it for each address: the functions from the innermost inlined one out, with their lines. */
export function addressLines(
  program: string,
  addresses: readonly number[],
): { function: string; place: string }[][] {
  const text = execFileSync('riscv64-linux-gnu-addr2line', ['-afie', program], {
    input: addresses.map((address) => `0x${address.toString(16)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return text
    .split(/^0x[0-9a-f]{16}\n/m)
    .slice(1)
    .map((block) => {
      const lines = block.trimEnd().split('\n');
      const frames: { function: string; place: string }[] = [];
      for (let i = 0; i < lines.length; i += 2)
        frames.push({ function: lines[i]!, place: lines[i + 1]!.replace(/ \(discriminator \d+\)$/, '') });
      return frames;
    });
}
