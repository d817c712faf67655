/** What calls leave in memory and in the process, byte for byte where programs look at the bytes. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_BOOT_TIME } from '../../../src/kernel/files/state.ts';
import { NO_PARENT } from '../../../src/kernel/process/create.ts';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const BUF = BASE + 0x1000;
const CWD = -100;
const O_RDWR_CREAT = 0o102;

const long = (guest: Guest, at: number) => Number(guest.view(at).getBigInt64(0, true));
const int = (guest: Guest, at: number) => guest.view(at).getInt32(0, true);
const putLong = (guest: Guest, at: number, value: number) =>
  guest.view(at).setBigInt64(0, BigInt(value), true);

describe('structures', () => {
  it('struct stat of a file', () => {
    const guest = new Guest({ files: { entries: { '/file': 'x'.repeat(5000) } } });
    expect(guest.call('newfstatat', CWD, '/file', BUF, 0)).toBe(0);
    expect(int(guest, BUF + 16)).toBe(0o100755);
    expect(int(guest, BUF + 20)).toBe(1);
    expect([int(guest, BUF + 24), int(guest, BUF + 28)]).toEqual([1000, 1000]);
    expect(long(guest, BUF + 48)).toBe(5000);
    expect(int(guest, BUF + 56)).toBe(4096);
    // 5,000 bytes take a chunk of 8,192, which is 16 blocks.
    expect(long(guest, BUF + 64)).toBe(16);
    expect([long(guest, BUF + 88), long(guest, BUF + 96)]).toEqual([DEFAULT_BOOT_TIME, 0]);
  });

  it('struct statx of a device', () => {
    const guest = new Guest();
    expect(guest.call('statx', CWD, '/dev/zero', 0, 0x7ff, BUF)).toBe(0);
    expect(guest.view(BUF + 28).getUint16(0, true)).toBe(0o020666);
    expect([int(guest, BUF + 128), int(guest, BUF + 132)]).toEqual([1, 5]);
  });

  it('entries of a directory, mount points of the root included', () => {
    const guest = new Guest({ files: { entries: { '/file': '', '/dir/a': '' } } });
    guest.call('openat', CWD, '/', 0o200000);
    const count = Number(guest.call('getdents64', 3, BUF, 4096));
    const names: string[] = [];
    for (let at = BUF; at < BUF + count; ) {
      const length = guest.view(at).getUint16(16, true);
      names.push(`${guest.text(at + 19, length - 19).split('\0')[0]} ${guest.get(at + 18, 1)[0]}`);
      at += length;
    }
    expect(names).toEqual(['. 4', '.. 4', 'file 8', 'dir 4', 'tmp 4', 'dev 4', 'proc 4']);
    expect(guest.call('getdents64', 3, BUF, 4096)).toBe(0);
    guest.call('lseek', 3, 0, 0);
    // A record takes 24 bytes here, so 50 bytes hold two, and the next call goes on behind them.
    expect(guest.call('getdents64', 3, BUF, 50)).toBe(48);
    expect(guest.call('getdents64', 3, BUF, 4096)).toBe(count - 48);
  });

  it('uname', () => {
    const guest = new Guest();
    guest.call('uname', BUF);
    const field = (i: number) => guest.text(BUF + i * 65, 65).split('\0')[0];
    expect([field(0), field(4)]).toEqual(['Linux', 'riscv64']);
  });

  it('struct rusage counts time, memory and faults', () => {
    const guest = new Guest();
    Object.assign(guest.process, { faults: { minor: 4, major: 2 } });
    Object.assign(guest.process.times, { running: 2_001_500_000, user: 2_000_000_000 });
    guest.call('getrusage', 0, BUF);
    expect([long(guest, BUF), long(guest, BUF + 8), long(guest, BUF + 24)]).toEqual([2, 0, 1500]);
    // 5 pages at most; of 6 faults 2 were with a transfer.
    expect([long(guest, BUF + 32), long(guest, BUF + 64), long(guest, BUF + 72)]).toEqual([20, 4, 2]);
  });

  it('iovec and offsets of copies', () => {
    const guest = new Guest({ files: { entries: { '/file': 'abcdefgh' } } });
    guest.call('openat', CWD, '/file', 0);
    guest.call('openat', CWD, '/tmp/out', O_RDWR_CREAT, 0o600);
    putLong(guest, BUF, 2);
    expect(guest.call('sendfile', 4, 3, BUF, 3)).toBe(3);
    expect(long(guest, BUF)).toBe(5);
    expect(guest.call('lseek', 3, 0, 1)).toBe(0);
    expect(guest.call('sendfile', 4, 3, 0, 2)).toBe(2);
    expect(guest.call('lseek', 3, 0, 1)).toBe(2);
    expect(guest.call('pread64', 4, BUF + 0x100, 10, 0)).toBe(5);
    expect(guest.text(BUF + 0x100, 5)).toBe('cdeab');
  });
});

describe('time', () => {
  it('the date is that of the start and virtual time', () => {
    const guest = new Guest();
    guest.call('clock_gettime', 0, BUF);
    expect([long(guest, BUF), long(guest, BUF + 8)]).toEqual([DEFAULT_BOOT_TIME + 1, 500_000_000]);
    guest.call('gettimeofday', BUF, 0);
    expect([long(guest, BUF), long(guest, BUF + 8)]).toEqual([DEFAULT_BOOT_TIME + 1, 500_000]);
  });

  it('a sleep lets virtual time pass', () => {
    const guest = new Guest();
    putLong(guest, BUF, 3600);
    guest.call('nanosleep', BUF, 0);
    // Late by the timer slack of 50 µs.
    expect(guest.root.clock.now).toBe(3_601_500_050_000);
    // Until second 3,700 of the monotonic clock.
    putLong(guest, BUF, 3700);
    guest.call('clock_nanosleep', 1, 1, BUF, 0);
    expect(guest.root.clock.now).toBe(3_700_000_050_000);
    expect(guest.call('prctl', 30)).toBe(50_000);
    guest.call('prctl', 29, 7);
    putLong(guest, BUF, 1);
    guest.call('nanosleep', BUF, 0);
    expect(guest.root.clock.now).toBe(3_701_000_050_007);
  });

  it('the alarm ends a wait, and what is left of the sleep is told', () => {
    const guest = new Guest();
    putLong(guest, BUF + 16, 1);
    expect(guest.call('setitimer', 0, BUF, 0)).toBe(0);
    guest.call('getitimer', 0, BUF + 0x40);
    expect(long(guest, BUF + 0x50)).toBe(1);
    guest.root.clock.now = (guest.root.clock.now + 250_000_000) as typeof guest.root.clock.now;
    guest.process.signals.pending = [];
    putLong(guest, BUF + 0x80, 10);
    guest.pendOnSend = true;
    guest.process.signals.actions[14] = { handler: 0x10000n, flags: 0, mask: 0n };
    expect(guest.try('nanosleep', BUF + 0x80, BUF + 0xa0)).toBe('EINTR');
    expect([long(guest, BUF + 0xa0), long(guest, BUF + 0xa8)]).toEqual([9, 250_050_000]);
    expect(guest.asked.at(-1)).toEqual({ what: 'send', with: [14, 128] });
    expect(guest.process.group.alarm).toBeUndefined();
  });
});

describe('descriptors', () => {
  it('share a position when duplicated, and not when opened twice', () => {
    const guest = new Guest({ files: { entries: { '/file': 'abcdef' } } });
    guest.call('openat', CWD, '/file', 0);
    guest.call('openat', CWD, '/file', 0);
    guest.call('dup', 3);
    guest.call('read', 3, BUF, 4);
    expect(guest.call('lseek', 5, 0, 1)).toBe(4);
    expect(guest.call('lseek', 4, 0, 1)).toBe(0);
  });

  it('append at the end wherever the position is', () => {
    const guest = new Guest();
    guest.call('openat', CWD, '/tmp/log', O_RDWR_CREAT | 0o2000, 0o600);
    guest.put(BUF, new TextEncoder().encode('one two'));
    guest.call('write', 3, BUF, 3);
    guest.call('lseek', 3, 0, 0);
    guest.call('write', 3, BUF + 3, 4);
    expect(guest.call('pread64', 3, BUF + 0x100, 100, 0)).toBe(7);
    expect(guest.text(BUF + 0x100, 7)).toBe('one two');
  });

  it('are no more than the limit', () => {
    const guest = new Guest();
    putLong(guest, BUF, 5);
    putLong(guest, BUF + 8, 5);
    expect(guest.call('prlimit64', 0, 7, BUF, BUF + 0x20)).toBe(0);
    expect([long(guest, BUF + 0x20), long(guest, BUF + 0x28)]).toEqual([1024, 4096]);
    expect([guest.try('dup', 1), guest.try('dup', 1), guest.try('dup', 1)]).toEqual(['3', '4', 'EMFILE']);
    expect(guest.try('pipe2', BUF, 0)).toBe('EMFILE');
    guest.call('close', 4);
    expect(guest.try('pipe2', BUF, 0)).toBe('EMFILE');
    expect(guest.try('dup', 1)).toBe('4');
    putLong(guest, BUF + 8, 6);
    expect(guest.try('prlimit64', 0, 7, BUF, 0)).toBe('EPERM');
  });

  it('a limit of file sizes cuts a write short, then refuses it with SIGXFSZ', () => {
    const guest = new Guest();
    putLong(guest, BUF, 10);
    putLong(guest, BUF + 8, 10);
    guest.call('prlimit64', 0, 1, BUF, 0);
    guest.call('openat', CWD, '/tmp/x', O_RDWR_CREAT, 0o600);
    expect(guest.try('write', 3, BUF, 100)).toBe('10');
    expect(guest.try('write', 3, BUF, 1)).toBe('EFBIG');
    expect(guest.asked.at(-1)).toEqual({ what: 'send', with: [25, 0] });
  });
});

describe('pipes', () => {
  function piped(flags = 0): Guest {
    const guest = new Guest();
    guest.call('pipe2', BUF, flags);
    return guest;
  }

  it('give what was put in, in order, around the end of the buffer', () => {
    const guest = piped();
    for (let round = 0; round < 20; round++) {
      guest.put(
        BUF + 0x100,
        Uint8Array.from({ length: 9000 }, (_, i) => i + round),
      );
      expect(guest.call('write', 4, BUF + 0x100, 9000)).toBe(9000);
      let got = 0;
      while (got < 9000) got += Number(guest.call('read', 3, BUF + 0x8000 + got, 9000 - got));
      expect(guest.get(BUF + 0x8000, 9000)).toEqual(guest.get(BUF + 0x100, 9000));
    }
  });

  it('end when nobody writes any more', () => {
    const guest = piped();
    guest.call('write', 4, BUF, 3);
    guest.call('close', 4);
    expect([guest.call('read', 3, BUF, 10), guest.call('read', 3, BUF, 10)]).toEqual([3, 0]);
  });

  it('refuse what nobody will read, with SIGPIPE', () => {
    const guest = piped();
    guest.call('close', 3);
    expect(guest.try('write', 4, BUF, 3)).toBe('EPIPE');
    expect(guest.asked.at(-1)).toEqual({ what: 'send', with: [13, 0] });
  });

  it('answer EAGAIN without blocking, and wait otherwise', () => {
    const guest = piped(0o4000);
    expect(guest.try('read', 3, BUF, 1)).toBe('EAGAIN');
    for (let i = 0; i < 16; i++) expect(guest.call('write', 4, BUF, 4096)).toBe(4096);
    expect(guest.try('write', 4, BUF, 1)).toBe('EAGAIN');
    const stuck = piped();
    expect(stuck.call('read', 3, BUF, 1)).toBe('sleeps');
  });

  it('tell poll what they are ready for', () => {
    const guest = piped();
    const poll = (descriptor: number) => {
      guest.view(BUF + 0x100).setInt32(0, descriptor, true);
      guest.view(BUF + 0x100).setInt16(4, 0x1f, true);
      guest.call('ppoll', BUF + 0x100, 1, BUF + 0x200, 0, 0);
      return guest.view(BUF + 0x100).getInt16(6, true);
    };
    expect([poll(3), poll(4)]).toEqual([0, 4]);
    guest.call('write', 4, BUF, 3);
    expect(poll(3)).toBe(1);
    guest.call('close', 4);
    expect(poll(3)).toBe(0x11);
  });
});

describe('standard streams', () => {
  it('give a line at a time from a terminal, and do not wait for more', () => {
    const guest = new Guest({ streams: { input: 'one\ntwo\n', kind: 'terminal' } });
    // Whatever pages the buffer lies in.
    expect(guest.call('read', 0, BUF - 2, 5000)).toBe(4);
    expect(guest.text(BUF - 2, 4)).toBe('one\n');
    putLong(guest, BUF + 0x100, BUF);
    putLong(guest, BUF + 0x108, 1);
    putLong(guest, BUF + 0x110, BUF + 0x200);
    putLong(guest, BUF + 0x118, 1024);
    expect(guest.call('readv', 0, BUF + 0x100, 2)).toBe(4);
    expect(guest.text(BUF, 1) + guest.text(BUF + 0x200, 3)).toBe('two\n');
    expect(guest.call('read', 0, BUF, 5000)).toBe(0);
    expect(guest.call('ioctl', 0, 0x5401, BUF)).toBe(0);
    expect(guest.call('ioctl', 0, 0x5402, BUF)).toBe(0);
    guest.view(BUF).setUint32(0, 0, true);
    expect(guest.try('ioctl', 0, 0x5402, BUF)).toBe('EINVAL');
    guest.call('ioctl', 1, 0x5413, BUF);
    expect([guest.view(BUF).getUint16(0, true), guest.view(BUF).getUint16(2, true)]).toEqual([24, 80]);
    expect(guest.call('openat', CWD, '/dev/tty', 2)).toBe(3);
  });

  it('look like pipes whatever is behind them', () => {
    for (const kind of ['file', 'pipe'] as const) {
      const guest = new Guest({ streams: { kind } });
      guest.call('fstat', 1, BUF);
      expect(int(guest, BUF + 16)).toBe(0o010600);
      expect(guest.try('lseek', 0, 0, 1)).toBe('ESPIPE');
    }
  });
});

describe('signals', () => {
  it('actions and masks are kept, without what can not be blocked', () => {
    const guest = new Guest();
    guest.put(BUF, new Uint8Array(new BigUint64Array([0x1234n, 0x1_1400_0004n, -1n]).buffer));
    guest.call('rt_sigaction', 10, BUF, 0, 8);
    guest.call('rt_sigaction', 10, 0, BUF + 0x40, 8);
    const [handler, flags, mask] = new BigUint64Array(guest.get(BUF + 0x40, 24).buffer);
    // The unknown flags 0x1_0400_0000 are dropped; SIGKILL (9) and SIGSTOP (19) stay unblocked.
    expect([handler, flags, mask]).toEqual([0x1234n, 0x1000_0004n, 0xffff_ffff_fffb_feffn]);
    guest.call('rt_sigprocmask', 0, BUF + 16, 0, 8);
    expect(guest.process.signals.mask).toBe(0xffff_ffff_fffb_feffn);
  });

  it('a pending signal is taken by rt_sigtimedwait', () => {
    const guest = new Guest();
    guest.process.signals.mask = 0x200n;
    guest.process.signals.pending = [{ signal: 10, code: -1, address: 4711n, sender: NO_PARENT }];
    guest.view(BUF).setBigUint64(0, 0x200n, true);
    expect(guest.call('rt_sigtimedwait', BUF, BUF + 0x40, 0, 8)).toBe(10);
    expect([int(guest, BUF + 0x40), int(guest, BUF + 0x48), long(guest, BUF + 0x58)]).toEqual([10, -1, 4711]);
    expect(guest.process.signals.pending).toEqual([]);
  });

  it('rt_sigsuspend puts its mask in place until signals have been looked at', () => {
    const guest = new Guest();
    guest.process.signals.mask = 0x200n;
    guest.process.signals.pending = [{ signal: 10, code: 0, address: 0n, sender: NO_PARENT }];
    guest.process.signals.actions[10] = { handler: 0x10000n, flags: 0, mask: 0n };
    expect(guest.try('rt_sigsuspend', BUF, 8)).toBe('EINTR');
    expect(guest.process.signals).toMatchObject({ mask: 0n, saved: 0x200n });
  });
});

describe('mmap', () => {
  it('asks memory for what the flags say', () => {
    const guest = new Guest({ files: { entries: { '/file': 'x' } } });
    guest.call('openat', CWD, '/file', 0);
    guest.call('mmap', 0x10000, 5000, 1, 0x12, 3, 8192);
    guest.call('mmap', 0, 4096, 3, 0x100021, -1, 0);
    const [file, shared] = guest.asked.map((asked) => asked.with[0]);
    expect(file).toMatchObject({
      address: 0x10000,
      length: 5000,
      protection: 1,
      shared: false,
      fixed: 'replace',
      name: '/file',
      backing: { offset: 8192, length: 8192 },
    });
    expect(shared).toMatchObject({ shared: true, fixed: 'noreplace', backing: { offset: 0, length: 4096 } });
  });
});
