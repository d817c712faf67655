/**
 * Standard input that comes later: others go on meanwhile, whatever the way in which it is waited for, and what is
 * there when nobody else can run comes as if it had been there before.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MemoryFiles } from '../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../src/adapters/memory-streams.ts';
import { createSystem, EventHash, type System, systemConfig } from '../../src/system/index.ts';
import { usualInterpreters } from '../../src/system/interpreters.ts';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { needsTool } from '../support/tools.ts';

const interpreters = new Map(usualInterpreters().map(({ shape, bytes }) => [shape, bytes]));
let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
});
afterAll(() => removeFolder(folder));

const SOURCE = String.raw`
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char text[100];

static void sees(const char *what, long n) {
  if (n < 0) printf("%s: %s\n", what, strerror(errno));
  else printf("%s: %ld %.*s\n", what, n, (int)strcspn(text, "\n"), text);
}

static long in(void) { memset(text, 0, sizeof text); return read(0, text, sizeof text); }

static long microseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void beside(void) {
  if (fork() == 0) {
    volatile long sum = 0;
    for (long i = 0; i < 3000000; i++) sum += i;
    printf("the child has counted\n");
    exit(0);
  }
  sees("line", in());
  wait(NULL);
  sees("end", in());
}

static void lines(void) { long n; while ((n = in()) > 0) sees("line", n); sees("end", n); }

static void asks(void) {
  struct pollfd one = {0, POLLIN};
  printf("poll at once %d\n", poll(&one, 1, 0));
  long before = microseconds();
  printf("poll %d\n", poll(&one, 1, 30));
  printf("took its time %d\n", microseconds() - before >= 30000);
  printf("ready\n");
  printf("poll %d\n", poll(&one, 1, 100000));
  sees("line", in());
  fd_set set;
  FD_ZERO(&set);
  FD_SET(0, &set);
  printf("select\n");
  printf("select %d\n", select(1, &set, NULL, NULL, NULL));
  sees("line", in());
  int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
  printf("epoll\n");
  printf("epoll %d\n", epoll_wait(epoll, &event, 1, -1));
  printf("epoll again %d\n", epoll_wait(epoll, &event, 1, -1));
  sees("line", in());
  printf("epoll, nothing %d\n", epoll_wait(epoll, &event, 1, 0));
  event.events = EPOLLIN | EPOLLET;
  epoll_ctl(epoll, EPOLL_CTL_MOD, 0, &event);
  printf("edge\n");
  printf("edge %d\n", epoll_wait(epoll, &event, 1, -1));
  printf("edge again %d\n", epoll_wait(epoll, &event, 1, 20));
  sees("line", in());
  fcntl(0, F_SETFL, O_NONBLOCK);
  sees("at once", in());
  fcntl(0, F_SETFL, 0);
  printf("last\n");
  sees("line", in());
}

static int ticks;
static void tick(int signal) { ticks++; }

static void alarms(void) {
  struct sigaction action = {.sa_handler = tick};
  sigaction(SIGALRM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  ualarm(20000, 0);
  sees("interrupted", in());
  printf("waits\n");
  sees("from outside", in());
  printf("%d signals\n", ticks);
  action.sa_flags = SA_RESTART;
  sigaction(SIGALRM, &action, NULL);
  ualarm(20000, 0);
  printf("waits again\n");
  sees("line", in());
  printf("%d signals\n", ticks);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  switch (argv[1][0]) {
    case 'b': beside(); break;
    case 'l': lines(); break;
    case 'a': asks(); break;
    case 's': alarms(); break;
  }
  return 0;
}
`;

interface Started {
  readonly streams: MemoryStreams;
  readonly system: System;
  readonly hash: EventHash;
  readonly over: ReturnType<System['run']>;
  /** Resolves when the program has said something. */
  said(words: string): Promise<void>;
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

function start(what: string, streams = new MemoryStreams({ kind: 'terminal', end: 'open' })): Started {
  const bytes = readFileSync(join(folder, 'input'));
  const system = createSystem(systemConfig({ swap: 'memory,64M', maxInstructions: '1000m' }), {
    program: { name: 'input', path: '/input', bytes, argv: ['input', what], env: [] },
    files: new MemoryFiles({}),
    streams,
    stores: { file: undefined, temporary: undefined },
    turn: () => new Promise((done) => setImmediate(done)),
    interpreters: (shape) => interpreters.get(shape),
  });
  const hash = new EventHash();
  system.observe(hash.observe);
  const over = system.run();
  const said = async (words: string): Promise<void> => {
    while (!streams.text(1).includes(words)) await pause(1);
  };
  return { streams, system, hash, over, said };
}

needsTool(GUEST_COMPILER, 'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross')(
  'input that comes later',
  () => {
    beforeAll(() => {
      writeFileSync(join(folder, 'input.c'), SOURCE);
      compile(join(folder, 'input.c'), folder, 'input', GUEST_COMPILER);
    });

    it('is waited for while others run', async () => {
      const { streams, over, said } = start('beside');
      await said('the child has counted');
      streams.type('hello\n');
      await said('line');
      streams.end();
      expect(await over).toEqual({ kind: 'exited', status: 0 });
      expect(streams.text(1)).toBe('the child has counted\nline: 6 hello\nend: 0 \n');
    });

    it('comes as if it had been there, where nobody else can run', async () => {
      const early = new MemoryStreams({ kind: 'pipe', end: 'open', input: 'one\ntwo\n' });
      early.end();
      const first = start('lines', early);
      await first.over;
      const late = new MemoryStreams({ kind: 'pipe', end: 'open' });
      const second = start('lines', late);
      await pause(30);
      late.type('one\ntwo\n');
      await second.said('line');
      await pause(30);
      late.end();
      await second.over;
      expect(late.text(1)).toBe('line: 8 one\nend: 0 \n');
      expect(second.hash.digest).toEqual(first.hash.digest);
      const before = new MemoryStreams({ kind: 'pipe', input: 'one\ntwo\n' });
      const third = start('lines', before);
      await third.over;
      expect(third.hash.digest).toEqual(first.hash.digest);
    });

    it('is told by poll, select and epoll, and missing where nobody waits', async () => {
      const { streams, over, said } = start('asks');
      for (const word of ['ready\n', 'select\n', 'epoll\n', 'edge\n', 'last\n']) {
        await said(word);
        await pause(5);
        streams.type(word);
      }
      expect(await over).toEqual({ kind: 'exited', status: 0 });
      expect(streams.text(1)).toBe(ASKED);
    });

    it('is waited for no longer when a signal comes', async () => {
      const { streams, system, over, said } = start('signals');
      await said('waits\n');
      await pause(5);
      system.interrupt(2);
      await said('waits again\n');
      await pause(40);
      streams.type('typed\n');
      expect(await over).toEqual({ kind: 'exited', status: 0 });
      expect(streams.text(1)).toBe(SIGNALLED);
    });

    it('ends the program that is interrupted', async () => {
      const { system, over } = start('lines');
      await pause(20);
      system.interrupt(2);
      expect(await over).toEqual({ kind: 'killed', signal: 'SIGINT', status: 130 });
    });
  },
);

/** By hand, from poll(2), select(2), epoll(7). */
const ASKED = `poll at once 0
poll 0
took its time 1
ready
poll 1
line: 6 ready
select
select 1
line: 7 select
epoll
epoll 1
epoll again 1
line: 6 epoll
epoll, nothing 0
edge
edge 1
edge again 0
line: 5 edge
at once: Resource temporarily unavailable
last
line: 5 last
`;

const SIGNALLED = `interrupted: Interrupted system call
waits
from outside: Interrupted system call
2 signals
waits again
line: 6 typed
3 signals
`;
