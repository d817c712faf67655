/**
 * Pages that are mapped more than once: at two addresses of a process, and in two processes. What is written through one
 * mapping is written back whoever's access evicts the page, once; and with the page every mapping goes, from the tables and
 * from the TLB. (Aliases: lecture "Dirty bits, aliases, areas"; shared memory: "Address spaces".)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelEvent } from '../../src/system/index.ts';
import { livePolicies } from '../support/live-policies.ts';
import {
  compile,
  GUEST_COMPILER,
  guestRuns,
  HOST_COMPILER,
  hostRuns,
  removeFolder,
  said,
  temporaryFolder,
} from '../support/processes.ts';
import { findTool, needsTool } from '../support/tools.ts';

/**
 * Two addresses of one page, `file`'s, or one of shared memory; a child that writes to it, and `lives` or `ends` before
 * others want memory. Whatever else is touched is private.
 */
const PROGRAM = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile char *const a = (void *)0x10001000, *const b = (void *)0x20002000;
static char text[64];

int main(int count, char **arguments) {
  int isFile = strcmp(arguments[1], "file") == 0, file = isFile ? open("data", O_RDWR) : -1;
  int flags = MAP_SHARED | MAP_FIXED | (isFile ? 0 : MAP_ANONYMOUS), there[2], back[2];
  int lives = strcmp(arguments[2], "lives") == 0, status;
  mmap((void *)a, 4096, PROT_READ | PROT_WRITE, flags, file, 0);
  if (isFile) mmap((void *)b, 4096, PROT_READ | PROT_WRITE, flags, file, 0);
  volatile char *other = isFile ? b : a;
  volatile char *wide = mmap(NULL, 100 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char c = *a + *other;
  pipe(there);
  pipe(back);
  if (fork() == 0) {
    c = *a;
    *other = 7;
    write(there[1], &c, 1);
    if (lives) read(back[0], &c, 1);
    _exit(lives ? 10 * *a + *other : 77);
  }
  read(there[0], &c, 1);
  if (!lives) wait(&status);
  int before = 10 * *a + *other;
  for (int page = 0; page < 100; page++) c += wide[page * 4096];
  int after = 10 * *a + *other;
  write(back[1], &c, 1);
  if (lives) wait(&status);
  return write(1, text, sprintf(text, "%d %d %d\\n", before, after, WEXITSTATUS(status))) < 0;
}
`;

const FRAMES = 40;
const modes = ['hardware', 'traps', 'stamps'];
const [A, B] = [0x10001, 0x20002];
const PARENT = 1;

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
  writeFileSync(join(folder, 'aliases.c'), PROGRAM);
});
afterAll(() => removeFolder(folder));

interface Seen {
  /** `PROCESS ADDRESS CASE` of each fault on the page. */
  readonly faults: string[];
  /** Where the page went, each time it was evicted; what was in the file then; and the TLB entries that each mapping lost. */
  readonly evictions: { written: string; file: number; flushed: number[] }[];
  /** Reads and writes of the page. */
  readonly transfers: string[];
}

/** Puts down what becomes of the page that is mapped at A. */
class Watch {
  readonly seen: Seen = { faults: [], evictions: [], transfers: [] };
  #page = -1;
  /** Since the last event of another kind. */
  #flushed: number[] = [];

  readonly observe = (event: KernelEvent): void => {
    if (event.type === 'flush') this.#flushed.push(event.entries);
    else {
      this.#note(event);
      this.#flushed = [];
    }
  };

  #note(event: KernelEvent): void {
    const { faults, transfers, evictions } = this.seen;
    switch (event.type) {
      case 'map':
        if (event.vpn === A) this.#page = event.page;
        break;
      case 'fault': {
        const where = { [A]: 'A', [B]: 'B' }[Math.floor(event.address / 4096)];
        const who = event.pid === PARENT ? 'parent' : 'child';
        if (where !== undefined) faults.push(`${who} ${where} ${event.case}`);
        break;
      }
      case 'swap-out':
      case 'swap-in':
        if (event.page === this.#page) transfers.push(event.type);
        break;
      case 'file-out':
      case 'file-in':
        if (event.path === '/data') transfers.push(event.type);
        break;
      case 'evict': {
        if (event.page !== this.#page) break;
        const [file] = readFileSync(join(folder, 'data'));
        evictions.push({ written: event.written, file: file!, flushed: this.#flushed });
        break;
      }
      default:
    }
  }
}

const byFile = { written: 'file', file: 7 };
const bySwap = { written: 'swap', file: 0 };

/**
 * By hand. The child writes through one mapping, and it is the parent's accesses to 100 other pages that take all 40
 * frames: under FIFO each page goes once. All mappings that there are have been used, so each has an entry in the TLB to
 * lose; a child that has ended has none, and what it wrote is to be written all the same. The page is clean when it is
 * back, and not written again; the second to the fourth mapping find it in memory. By traps a child sees its own first
 * uses, and a first use that is a store is no first write as well.
 */
const expected = {
  file: {
    before: ['parent A file', 'parent B mapped'],
    child: ['child A first-use', 'child B first-use'],
    after: ['parent A file', 'parent B mapped'],
    childAfter: ['child A mapped', 'child B mapped'],
    evictions: byFile,
    transfers: ['file-in', 'file-out', 'file-in'],
  },
  memory: {
    before: ['parent A zero'],
    child: ['child A first-use', 'child A first-write'],
    after: ['parent A swapped'],
    childAfter: ['child A mapped'],
    evictions: bySwap,
    transfers: ['swap-out', 'swap-in'],
  },
};

const compilers = 'apt-get install gcc libc6-dev gcc-riscv64-linux-gnu libc6-dev-riscv64-cross';
const missing = findTool(GUEST_COMPILER) === undefined ? GUEST_COMPILER : HOST_COMPILER;

needsTool(missing, compilers)('a page that is mapped more than once', () => {
  beforeAll(() => {
    compile(join(folder, 'aliases.c'), folder, 'aliases', GUEST_COMPILER);
    compile(join(folder, 'aliases.c'), folder, 'host', HOST_COMPILER);
  });

  const clear = () => writeFileSync(join(folder, 'data'), Buffer.alloc(4096));

  describe.each([
    { what: 'file', child: 'lives' },
    { what: 'file', child: 'ends' },
    { what: 'memory', child: 'lives' },
    { what: 'memory', child: 'ends' },
  ] as const)('$what, and the child that wrote to it $child', ({ what, child }) => {
    const argv = ['./aliases', what, child];

    it.each(modes)('is written once and leaves no mapping behind, with bits by %s', async (bits) => {
      clear();
      const watch = new Watch();
      // So large a TLB that nothing has to leave it.
      const options = { frames: FRAMES, replacement: 'fifo', bits, tlb: '1024x4:lru' };
      const ran = await guestRuns(folder, { file: 'aliases', argv }, options, watch.observe);
      const by = expected[what];
      const mappings = by.after.length * (child === 'lives' ? 2 : 1);
      expect(watch.seen).toEqual({
        faults: [
          ...by.before,
          ...(bits === 'traps' ? by.child : []),
          ...by.after,
          ...(child === 'lives' ? by.childAfter : []),
        ],
        evictions: [{ ...by.evictions, flushed: Array(mappings).fill(1) }],
        transfers: by.transfers,
      });
      expect(ran.out).toBe('77 77 77\n');
    });
  });

  it.each(['file', 'memory'])('%s holds what it does on the host, under every policy', async (what) => {
    const argv = ['./aliases', what, 'lives'];
    clear();
    const host = said(hostRuns(folder, { file: 'host', argv }));
    for (const [at, { name }] of livePolicies.entries()) {
      clear();
      const options = { frames: FRAMES, replacement: name, bits: modes[at % 3] };
      expect([name, said(await guestRuns(folder, { file: 'aliases', argv }, options))]).toEqual([name, host]);
      expect(readFileSync(join(folder, 'data'))[0]).toBe(what === 'file' ? 7 : 0);
    }
  });
});
