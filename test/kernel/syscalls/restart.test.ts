/**
 * A call that has to wait for pages is tried again from its start. However many pages are missing, results, memory,
 * files and output must be those of a run in which none was.
 */
import { serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const CWD = -100;
const contents = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) >> 3);

type Step = readonly [name: string, args: readonly (number | string)[]];

/** Addresses near the ends of pages, so that most things lie in two. */
const address = fc
  .tuple(fc.integer({ min: 2, max: 30 }), fc.integer({ min: -40, max: 8 }))
  .map(([page, by]) => BASE + page * 4096 + by);
const length = fc.oneof(fc.nat(64), fc.integer({ min: 4000, max: 13_000 }));
/** Ends of streams and of datagrams, both non-blocking, and an epoll that watches them. */
const STREAM = 7;
const DATAGRAM = 9;
const EPOLL = 11;
const MSG_PEEK = 2;
const NONBLOCK = 0o4000;
/** EPOLLIN, EPOLLOUT, EPOLLET */
const EPOLL_EVENTS = 0x8000_0005;
const descriptor = fc.constantFrom(1, 3, 4, 5, 6, STREAM, STREAM + 1, DATAGRAM, DATAGRAM + 1);

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.tuple(descriptor, address, length).map((args): Step => ['read', args]),
  fc.tuple(descriptor, address, length).map((args): Step => ['write', args]),
  fc.tuple(descriptor, address, length, fc.nat(9000)).map((args): Step => ['pread64', args]),
  fc.tuple(descriptor, address, length, fc.nat(9000)).map((args): Step => ['pwrite64', args]),
  fc.tuple(address, length).map(([at, bytes]): Step => ['getrandom', [at, bytes, 0]]),
  fc.tuple(address).map((args): Step => ['pipe2', args]),
  fc.tuple(address).map(([at]): Step => ['newfstatat', [CWD, '/file', at, 0]]),
  fc.tuple(address).map(([at]): Step => ['clock_gettime', [0, at]]),
  fc.tuple(address).map(([at]): Step => ['getcwd', [at, 100]]),
  fc.tuple(address).map(([at]): Step => ['sendfile', [4, 3, at, 5000]]),
  fc.tuple(address).map(([at]): Step => ['prlimit64', [0, 7, 0, at]]),
  fc.tuple(address).map(([at]): Step => ['socketpair', [1, 1, 0, at]]),
  fc.tuple(address).map(([at]): Step => ['epoll_pwait', [EPOLL, at, 4, 0, 0, 0]]),
  fc
    .tuple(address, length, fc.constantFrom(0, MSG_PEEK), address)
    .map(([at, bytes, flags, name]): Step => ['recvfrom', [DATAGRAM, at, bytes, flags, name, name - 8]]),
  fc.tuple(address, length).map(([at, bytes]): Step => ['sendto', [DATAGRAM + 1, at, bytes, 0, 0, 0]]),
  fc.tuple(address).map(([at]): Step => ['getsockname', [STREAM, at, at - 8]]),
  fc.constant<Step>(['openat', [CWD, '/file', 0]]),
);

function guest(): Guest {
  const made = new Guest({ files: { entries: { '/file': contents } }, streams: { input: 'abc' } });
  made.call('openat', CWD, '/file', 0);
  made.call('openat', CWD, '/tmp/a', 0o102, 0o600);
  made.call('openat', CWD, '/tmp/b', 0o2102, 0o600);
  made.call('openat', CWD, '/dev/urandom', 0);
  made.call('socketpair', 1, 1 | NONBLOCK, 0, BASE);
  made.call('socketpair', 1, 2 | NONBLOCK, 0, BASE);
  made.call('epoll_create1', 0);
  for (const watched of [STREAM, STREAM + 1, DATAGRAM, DATAGRAM + 1]) {
    made.view(BASE).setUint32(0, EPOLL_EVENTS, true);
    made.call('epoll_ctl', EPOLL, 1, watched, BASE);
  }
  return made;
}

/** Memory, files, random numbers and output as bytes, which compare fast. */
const stateOf = ({ memory, root, streams }: Guest): Buffer =>
  serialize([memory.bytes, root.files, root.random, streams.bytes(1)]);

it('missing pages change nothing', { timeout: 120_000 }, () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(step, fc.uniqueArray(fc.nat(33))), { minLength: 1, maxLength: 12 }),
      (steps) => {
        const [whole, waiting] = [guest(), guest()];
        for (const [[name, args], absent] of steps) {
          for (const page of absent) waiting.memory.absent.add(BASE / 4096 + page);
          expect(waiting.try(name, ...args)).toBe(whole.try(name, ...args));
          waiting.memory.absent.clear();
        }
        expect(stateOf(waiting).equals(stateOf(whole))).toBe(true);
      },
    ),
    { numRuns: 250 },
  );
});
