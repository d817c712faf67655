/** Lines as strace(1) prints them; flags, strings and errors in its form. */
import { describe, expect, it } from 'vitest';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const BUF = BASE + 0x1000;
const CWD = -100;

function traced(run: (guest: Guest) => void): string[] {
  const guest = new Guest({ files: { entries: { '/x': 'hello\nworld' } }, strace: 'on' });
  run(guest);
  return guest.lines;
}

/** Puts an array of pointers, ended by a null pointer, at `at`, and the strings behind it. */
function strings(guest: Guest, at: number, texts: readonly string[]): number {
  const pointers = new BigUint64Array(texts.length + 1);
  let next = at + pointers.byteLength;
  texts.forEach((text, i) => {
    const bytes = new TextEncoder().encode(`${text}\0`);
    guest.put(next, bytes);
    pointers[i] = BigInt(next);
    next += bytes.length;
  });
  guest.put(at, new Uint8Array(pointers.buffer));
  return at;
}

const cases: [line: string, run: (guest: Guest) => void][] = [
  ['openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC) = 3', (guest) => guest.call('openat', CWD, '/x', 0o2000000)],
  [
    'openat(AT_FDCWD, "/none", O_RDWR) = -1 ENOENT (No such file or directory)',
    (guest) => guest.call('openat', CWD, '/none', 2),
  ],
  [
    'openat(AT_FDCWD, "/tmp/a\\tb", O_WRONLY|O_CREAT|O_TRUNC, 0644) = 3',
    (guest) => guest.call('openat', CWD, '/tmp/a\tb', 0o1101, 0o644),
  ],
  [
    'openat(AT_FDCWD, 0x10, O_RDONLY) = -1 EFAULT (Bad address)',
    (guest) => guest.call('openat', CWD, 0x10, 0),
  ],
  ['close(99) = -1 EBADF (Bad file descriptor)', (guest) => guest.call('close', 99)],
  [
    'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x50000000',
    (guest) => guest.call('mmap', 0, 4096, 3, 0x22, -1, 0),
  ],
  ['mprotect(0x1000, 4096, PROT_NONE) = 0', (guest) => guest.call('mprotect', 0x1000, 4096, 0)],
  ['brk(NULL) = 0x21000', (guest) => guest.call('brk', 0)],
  ['exit_group(3) = ?', (guest) => guest.call('exit_group', 3)],
  ['tgkill(1, 1, SIGABRT) = 0', (guest) => guest.call('tgkill', 1, 1, 6)],
  [
    'rt_sigprocmask(SIG_SETMASK, NULL, 0x11000, 8) = 0',
    (guest) => guest.call('rt_sigprocmask', 2, 0, BUF, 8),
  ],
  [
    'clock_gettime(CLOCK_MONOTONIC, {tv_sec=1, tv_nsec=500000000}) = 0',
    (guest) => guest.call('clock_gettime', 1, BUF),
  ],
  ['prlimit64(0, RLIMIT_STACK, NULL, 0x11000) = 0', (guest) => guest.call('prlimit64', 0, 3, 0, BUF)],
  ['getpid() = 1', (guest) => guest.call('getpid')],
  [
    'unlinkat(AT_FDCWD, "/tmp/none", 0) = -1 ENOENT (No such file or directory)',
    (guest) => guest.call('unlinkat', CWD, '/tmp/none', 0),
  ],
  ['newfstatat(1, "", 0x11000, AT_EMPTY_PATH) = 0', (guest) => guest.call('newfstatat', 1, '', BUF, 0x1000)],
  [
    'execve("/none", ["one", "two words\\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"...], 0x11800 /* 1 var */) = -1 ENOENT (No such file or directory)',
    (guest) =>
      guest.call(
        'execve',
        '/none',
        strings(guest, BUF, ['one', 'two words\n', 'a'.repeat(40)]),
        strings(guest, BUF + 0x800, ['A=1']),
      ),
  ],
  [
    `execve("/none", [${'"x", '.repeat(32)}...], NULL) = -1 ENOENT (No such file or directory)`,
    (guest) =>
      guest.call(
        'execve',
        '/none',
        strings(
          guest,
          BUF,
          Array.from({ length: 33 }, () => 'x'),
        ),
        0,
      ),
  ],
  [
    'execveat(AT_FDCWD, "/none", NULL, 0x11000 /* 0 vars */, AT_EMPTY_PATH) = -1 ENOENT (No such file or directory)',
    (guest) => guest.call('execveat', CWD, '/none', 0, strings(guest, BUF, []), 0x1000),
  ],
  [
    'execve("/none", 0x10, NULL) = -1 EFAULT (Bad address)',
    (guest) => guest.call('execve', '/none', 0x10, 0),
  ],
  ['syscall_9999() = -1 ENOSYS (Function not implemented)', (guest) => guest.call('nothing')],
];

describe('strace lines', () => {
  it.each(cases)('%s', (line, run) => {
    expect(traced(run)).toEqual([line]);
  });

  it('shows what was read and written, shortened and escaped', () => {
    const lines = traced((guest) => {
      guest.call('openat', CWD, '/x', 0);
      guest.call('read', 3, BUF, 4096);
      guest.call('read', 3, BUF, 4096);
      guest.put(BUF, new Uint8Array([0x22, 0x5c, 0, 0x31, 7, 0xff]));
      guest.call('write', 1, BUF, 6);
      guest.call('write', 1, BUF, 40);
    });
    expect(lines.slice(1)).toEqual([
      'read(3, "hello\\nworld", 4096) = 11',
      'read(3, "", 4096) = 0',
      'write(1, "\\"\\\\\\0001\\7\\377", 6) = 6',
      `write(1, "\\"\\\\\\0001\\7\\377world${'\\0'.repeat(21)}"..., 40) = 40`,
    ]);
  });

  it('shows a call once however often it had to be tried', () => {
    const lines = traced((guest) => {
      guest.memory.absent.add(Math.floor((BASE + 0x30000) / 4096));
      guest.call('openat', CWD, '/x', 0);
    });
    expect(lines).toEqual(['openat(AT_FDCWD, "/x", O_RDONLY) = 3']);
  });

  it('changes no access of the guest', () => {
    const accesses = (strace: 'on' | 'off') => {
      const guest = new Guest({ files: { entries: { '/x': 'hello' } }, strace });
      const seen: string[] = [];
      const { memory } = guest;
      for (const name of ['read', 'write', 'prepare'] as const) {
        const original = memory[name].bind(memory) as (...args: unknown[]) => void;
        Object.assign(memory, {
          [name]: (...args: unknown[]) => {
            seen.push(`${name} ${args[0]}`);
            original(...args);
          },
        });
      }
      guest.call('openat', CWD, '/x', 0);
      guest.call('read', 3, BUF, 100);
      return seen;
    };
    expect(accesses('on')).toEqual(accesses('off'));
  });
});
