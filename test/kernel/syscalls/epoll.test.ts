/** epoll, eventfd and timerfd by system calls. */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const EVENT = BASE + 0x1000;
const FOUND = BASE + 0x1100;
const DATA = BASE + 0x2000;
const ENDS = BASE + 0x1800;
const POLLS = BASE + 0x1900;

const [ADD, DELETE, MODIFY] = [1, 2, 3];
const IN = 1;
const OUT = 4;
const HUP = 0x10;
const RDHUP = 0x2000;
const ONESHOT = 0x4000_0000;
const ET = 0x8000_0000;
const NONBLOCK = 0o4000;

let guest: Guest;
let epoll: number;
beforeEach(() => {
  guest = new Guest();
  epoll = guest.call('epoll_create1', 0) as number;
});

function control(operation: number, descriptor: number, events: number, on = epoll): string {
  guest.view(EVENT).setUint32(0, events, true);
  guest.view(EVENT).setBigUint64(8, BigInt(descriptor), true);
  return guest.try('epoll_ctl', on, operation, descriptor, EVENT);
}

/** `descriptor:events` for each that is told, without waiting. */
function told(most = 32, on = epoll): string[] {
  const count = guest.call('epoll_pwait', on, FOUND, most, 0, 0, 0) as number;
  return Array.from({ length: count }, (_, i) => {
    const view = guest.view(FOUND + 16 * i);
    return `${view.getBigUint64(8, true)}:${view.getUint32(0, true).toString(16)}`;
  });
}

function ends(name: string, ...args: number[]): [number, number] {
  expect(guest.try(name, ...args)).toBe('0');
  return [guest.view(ENDS).getInt32(0, true), guest.view(ENDS).getInt32(4, true)];
}
const pipe = (): [number, number] => ends('pipe2', ENDS, NONBLOCK);
const pair = (): [number, number] => ends('socketpair', 1, 1 | NONBLOCK, 0, ENDS);
const write = (descriptor: number, bytes = 1) => guest.call('write', descriptor, DATA, bytes);
const read = (descriptor: number, bytes = 1) => guest.call('read', descriptor, DATA, bytes);

describe('epoll', () => {
  it('level-triggered tells as long as there is something', () => {
    const [from, to] = pipe();
    control(ADD, from, IN);
    expect(told()).toEqual([]);
    write(to);
    expect(told()).toEqual([`${from}:1`]);
    expect(told()).toEqual([`${from}:1`]);
    read(from);
    expect(told()).toEqual([]);
  });

  it('edge-triggered tells of each change once', () => {
    const [from, to] = pipe();
    control(ADD, from, (IN | ET) >>> 0);
    write(to, 2);
    expect(told()).toEqual([`${from}:1`]);
    read(from);
    expect(told()).toEqual([]);
    write(to);
    expect(told()).toEqual([`${from}:1`]);
    expect(told()).toEqual([]);
    control(MODIFY, from, (IN | ET) >>> 0);
    expect(told()).toEqual([`${from}:1`]);
  });

  it('edge-triggered tells of room when it comes back, not when nothing was missing', () => {
    const [a, b] = pair();
    control(ADD, a, (OUT | ET) >>> 0);
    expect(told()).toEqual([`${a}:4`]);
    write(a, 1000);
    read(b, 1000);
    expect(told()).toEqual([]);
    while ((write(a, 100_000) as number) > 0);
    // 70,998 bytes, a third of the buffer, must be free.
    read(b, 70_000);
    expect(told()).toEqual([]);
    read(b, 998);
    expect(told()).toEqual([`${a}:4`]);
  });

  it('EPOLLONESHOT tells once, until it is modified', () => {
    const [from, to] = pipe();
    control(ADD, from, IN | ONESHOT);
    write(to);
    expect(told()).toEqual([`${from}:1`]);
    write(to);
    expect(told()).toEqual([]);
    control(MODIFY, from, IN | ONESHOT);
    expect(told()).toEqual([`${from}:1`]);
  });

  it('tells in the order in which they became ready, and those told last come last', () => {
    const pipes = [pipe(), pipe(), pipe()];
    for (const [from] of pipes) control(ADD, from, IN);
    for (const i of [1, 0, 2]) write(pipes[i]![1]);
    const [a, b, c] = pipes.map(([from]) => `${from}:1`);
    expect(told()).toEqual([b, a, c]);
    expect([told(1), told(1), told(1), told(1)]).toEqual([[b], [a], [c], [b]]);
  });

  it('tells hang-ups unasked, and half-closed connections when asked', () => {
    const [a, b] = pair();
    control(ADD, a, RDHUP);
    guest.call('shutdown', b, 1);
    expect(told()).toEqual([`${a}:2000`]);
    guest.call('close', b);
    expect(told()).toEqual([`${a}:${(RDHUP | HUP).toString(16)}`]);
  });

  it('refuses what is there already, what is not, what is always ready, and itself', () => {
    const [from] = pipe();
    const file = guest.call('openat', -100, '/tmp/f', 0o102, 0o600) as number;
    expect(control(ADD, from, IN)).toBe('0');
    expect(control(ADD, from, IN)).toBe('EEXIST');
    expect(control(DELETE, from, 0)).toBe('0');
    expect(control(DELETE, from, 0)).toBe('ENOENT');
    expect(control(ADD, file, IN)).toBe('EPERM');
    expect(control(ADD, epoll, IN)).toBe('EINVAL');
    expect(control(9, from, IN)).toBe('EINVAL');
  });

  it('watches a description as long as there is one, under its first number', () => {
    const [from, to] = pipe();
    control(ADD, from, IN);
    const copy = guest.call('dup', from) as number;
    guest.call('close', from);
    write(to);
    expect(told()).toEqual([`${from}:1`]);
    guest.call('close', copy);
    expect(told()).toEqual([]);
    expect(guest.root.files.events.watches).toEqual({});
  });

  it('watches another one, but not in a circle', () => {
    const outer = guest.call('epoll_create1', 0) as number;
    const [from, to] = pipe();
    expect(control(ADD, epoll, IN, outer)).toBe('0');
    expect(control(ADD, outer, IN)).toBe('ELOOP');
    control(ADD, from, IN);
    expect(told(4, outer)).toEqual([]);
    write(to);
    expect(told(4, outer)).toEqual([`${epoll}:1`]);
    read(from);
    expect(told(4, outer)).toEqual([]);
  });

  it('waits for its time, or for ever', () => {
    const before = guest.root.clock.now;
    expect(guest.call('epoll_pwait', epoll, FOUND, 1, 20, 0, 0)).toBe(0);
    // Late by the timer slack.
    expect(guest.root.clock.now - before).toBe(20e6 + 50e3);
    expect(guest.call('epoll_pwait', epoll, FOUND, 1, -1, 0, 0)).toBe('sleeps');
  });

  it('level-triggered tells exactly what poll tells', () => {
    const step = fc.record({ what: fc.constantFrom('write', 'read', 'shut', 'close', 'told'), i: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        guest = new Guest();
        epoll = guest.call('epoll_create1', 0) as number;
        const counter = guest.call('eventfd2', 1, NONBLOCK) as number;
        const all = [...pipe(), ...pair(), counter];
        for (const descriptor of all) control(ADD, descriptor, IN | OUT | RDHUP);
        for (const { what, i } of steps) {
          const descriptor = all[i % all.length]!;
          if (what === 'write') write(descriptor, 40_000);
          if (what === 'read') read(descriptor, 50_000);
          if (what === 'shut') guest.call('shutdown', descriptor, 1);
          if (what === 'close' && all.length > 2) guest.call('close', all.splice(i % all.length, 1)[0]!);
          expect(told().sort()).toEqual(polled(all).sort());
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** The same by ppoll(2). */
function polled(descriptors: readonly number[]): string[] {
  guest.put(POLLS, new Uint8Array(256));
  descriptors.forEach((descriptor, i) => {
    guest.view(POLLS + 8 * i).setInt32(0, descriptor, true);
    guest.view(POLLS + 8 * i).setInt16(4, IN | OUT | RDHUP, true);
  });
  guest.call('ppoll', POLLS, descriptors.length, POLLS + 128, 0, 0);
  return descriptors.flatMap((descriptor, i) => {
    const events = guest.view(POLLS + 8 * i).getUint16(6, true);
    return events === 0 ? [] : [`${descriptor}:${events.toString(16)}`];
  });
}

describe('eventfd', () => {
  const count = (descriptor: number): bigint | string => {
    const result = guest.try('read', descriptor, DATA, 8);
    return result === '8' ? guest.view(DATA).getBigUint64(0, true) : result;
  };
  const add = (descriptor: number, value: bigint): string => {
    guest.view(DATA).setBigUint64(0, value, true);
    return guest.try('write', descriptor, DATA, 8);
  };

  it('adds up until it is read', () => {
    const descriptor = guest.call('eventfd2', 3, NONBLOCK) as number;
    add(descriptor, 4n);
    expect([count(descriptor), count(descriptor)]).toEqual([7n, 'EAGAIN']);
    expect(add(descriptor, 0xffff_ffff_ffff_ffffn)).toBe('EINVAL');
    expect(add(descriptor, 0xffff_ffff_ffff_fffen)).toBe('8');
    expect(add(descriptor, 1n)).toBe('EAGAIN');
    expect(guest.try('read', descriptor, DATA, 7)).toBe('EINVAL');
  });

  it('as a semaphore gives one at a time, and waits for more', () => {
    const descriptor = guest.call('eventfd2', 2, 1) as number;
    expect([count(descriptor), count(descriptor), count(descriptor)]).toEqual([1n, 1n, 'sleeps']);
  });
});

describe('timerfd', () => {
  const MS = 1_000_000n;
  const set = (descriptor: number, first: bigint, interval: bigint, flags = 0): string => {
    [0n, interval, 0n, first].forEach((value, i) => {
      guest.view(DATA + 8 * i).setBigInt64(0, value, true);
    });
    return guest.try('timerfd_settime', descriptor, flags, DATA, 0);
  };
  const expired = (descriptor: number): bigint | string => {
    const result = guest.try('read', descriptor, DATA, 8);
    return result === '8' ? guest.view(DATA).getBigUint64(0, true) : result;
  };
  const pass = (ms: number): void => {
    guest.view(DATA).setBigInt64(0, 0n, true);
    guest.view(DATA + 8).setBigInt64(0, BigInt(ms) * MS, true);
    // To the nanosecond.
    guest.process.timerSlack.current = 0;
    guest.call('nanosleep', DATA, 0);
  };

  it('a read waits for it, and counts what was missed', () => {
    const descriptor = guest.call('timerfd_create', 1, 0) as number;
    set(descriptor, 5n * MS, 10n * MS);
    const before = guest.root.clock.now;
    expect(expired(descriptor)).toBe(1n);
    expect(guest.root.clock.now - before).toBe(5e6);
    // At 15, 25 and 35 ms.
    pass(34);
    expect(expired(descriptor)).toBe(3n);
  });

  it('tells what is left of it', () => {
    const descriptor = guest.call('timerfd_create', 1, NONBLOCK) as number;
    set(descriptor, 5n * MS, 0n);
    pass(2);
    guest.call('timerfd_gettime', descriptor, DATA);
    expect(guest.view(DATA + 24).getBigInt64(0, true)).toBe(3n * MS);
    set(descriptor, 0n, 0n);
    pass(10);
    expect(expired(descriptor)).toBe('EAGAIN');
  });

  it('a time that is over expires it at once', () => {
    const descriptor = guest.call('timerfd_create', 1, 0) as number;
    set(descriptor, 1n, 0n, 1);
    expect(expired(descriptor)).toBe(1n);
  });

  it('ends the wait of epoll, and edge-triggered is told once until it is read', () => {
    const descriptor = guest.call('timerfd_create', 1, NONBLOCK) as number;
    control(ADD, descriptor, (IN | ET) >>> 0);
    set(descriptor, 5n * MS, 5n * MS);
    const before = guest.root.clock.now;
    expect(guest.call('epoll_pwait', epoll, FOUND, 1, -1, 0, 0)).toBe(1);
    expect(guest.root.clock.now - before).toBe(5e6);
    expect(guest.call('epoll_pwait', epoll, FOUND, 1, 50, 0, 0)).toBe(0);
    expect(expired(descriptor)).toBe(11n);
    expect(guest.call('epoll_pwait', epoll, FOUND, 1, -1, 0, 0)).toBe(1);
  });
});
