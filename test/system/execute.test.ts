/** Which pages may be executed: `overflow` and `rop` under both rules, and data that becomes code. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KernelEvent } from '../../src/kernel/events.ts';
import { type SystemOptions, systemConfig } from '../../src/system/index.ts';
import { compile, GUEST_COMPILER, removeFolder, temporaryFolder } from '../support/processes.ts';
import { qemuRuns } from '../support/qemu.ts';
import { runGuest, shipped } from '../support/run-system.ts';
import { needsTool } from '../support/tools.ts';

let folder = '';
beforeAll(() => {
  folder = temporaryFolder();
});
afterAll(() => removeFolder(folder));

const BEFORE = 'A message that fits.\nA message that is too long.\n';
const BY_MESSAGE = `${BEFORE}This line was printed by a message.\n`;
const BY_RETURNING = `${BEFORE}This line was printed by returning.\n`;
const SEGV = 128 + constants.signals.SIGSEGV;

const tlbs = ['64x4:lru', '4x1:fifo', '16x16:random', 'unified:8x2:lru', 'unified:1x1:lru', 'none'];
/** Translation, TLBs, little memory, and references that are all recorded: each has its own way to fetch. */
const ways: readonly SystemOptions[] = [
  ...tlbs.map((tlb) => ({ tlb })),
  { memory: '52K', replacement: 'fifo' },
  { memory: '52K', replacement: 'lru', tlb: 'none' },
  { replacement: 'arc' },
];

const run = async (path: string, options: SystemOptions, args: readonly string[] = []) => {
  const events: KernelEvent[] = [];
  const ran = await runGuest({ path, args }, options, { observe: (event) => void events.push(event) });
  return { ...ran, text: Buffer.from(ran.output).toString(), events };
};

function qemu(path: string, ...args: string[]) {
  const { status, signal, stdout } = qemuRuns([path, ...args], { env: {} });
  return { status: status ?? 128 + constants.signals[signal!], text: stdout.toString() };
}

describe.each(ways)('%j', (way) => {
  it('a message that is machine code is stopped by no-execute', async () => {
    const { text, status, report, events } = await run(shipped('overflow'), way);
    expect({ text, status }).toEqual({ text: BEFORE, status: SEGV });
    expect(report.end).toMatchObject({
      kind: 'killed',
      signal: 'SIGSEGV',
      reason: expect.stringMatching(
        /^fetch from (0x3f[0-9a-f]+) in \[stack\], which may not be executed \(pc \1\)$/,
      ),
    });
    const faults = events.flatMap((event) => (event.type === 'fault' ? [event] : []));
    expect(faults.at(-1)).toMatchObject({ access: 'fetch', case: 'protection' });
  });

  it('and is executed where readable is executable', async () => {
    const { text, status, report } = await run(shipped('overflow'), { ...way, execute: 'readable' });
    expect({ text, status }).toEqual({ text: BY_MESSAGE, status: 42 });
    // What the program asked for is still what its stack is listed with.
    expect(report.configuration.execute).toBe('readable');
  });

  it.each(['nx', 'readable'])('a message that is return addresses gets through under %s', async (execute) => {
    const { text, status } = await run(shipped('rop'), { ...way, execute });
    expect({ text, status }).toEqual({ text: BY_RETURNING, status: 42 });
  });
});

it.each(['overflow', 'rop'])('%s: a message that fits does nothing but be printed', async (name) => {
  const { text, status } = await run(shipped(name), {}, ['hello']);
  expect({ text, status }).toEqual({ text: 'hello\n', status: 0 });
});

it('one that is too long and means nothing ends the program where it returns to', async () => {
  const { status, report } = await run(shipped('overflow'), {}, ['A'.repeat(400)]);
  expect(status).toBe(SEGV);
  expect(report.end).toMatchObject({
    reason: expect.stringMatching(/^fetch from 0x\w+, where nothing is mapped/),
  });
});

it('goes against write xor execute, which is said', () => {
  expect(() => systemConfig({ execute: 'readable', writeXorExecute: true })).toThrow(
    '--execute: readable makes writable pages executable, which --write-xor-execute forbids',
  );
  expect(() => systemConfig({ execute: 'all' })).toThrow("--execute: unknown 'all'; known: nx, readable");
});

/** The program with an executable stack: flags 7 in its PT_GNU_STACK. */
function withExecutableStack(path: string, to: string): string {
  const bytes = readFileSync(path);
  const headers = Number(bytes.readBigUInt64LE(32));
  for (let i = 0; i < bytes.readUInt16LE(56); i++) {
    const at = headers + i * bytes.readUInt16LE(54);
    if (bytes.readUInt32LE(at) === 0x6474e551) bytes.writeUInt32LE(7, at + 4);
  }
  writeFileSync(to, bytes);
  chmodSync(to, 0o755);
  return to;
}

needsTool('qemu-riscv64', 'apt-get install qemu-user')(
  'beside qemu-riscv64, which has no-execute alone',
  () => {
    it('both programs do the same', async () => {
      for (const name of ['overflow', 'rop']) {
        const { text, status } = await run(shipped(name), {});
        expect({ text, status }).toEqual(qemu(shipped(name)));
      }
    });

    it('so does one whose header asks for an executable stack', async () => {
      const path = withExecutableStack(shipped('overflow'), join(folder, 'executable-stack'));
      expect(qemu(path)).toEqual({ text: BY_MESSAGE, status: 42 });
      const { text, status } = await run(path, {});
      expect({ text, status }).toEqual({ text: BY_MESSAGE, status: 42 });
    });
  },
);

const withCompiler = needsTool(
  GUEST_COMPILER,
  'apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross',
);

needsTool('qemu-riscv64', 'apt-get install qemu-user')('with qemu-riscv64 as the judge', () => {
  withCompiler('data that becomes code', () => {
    let path = '';
    let expected = '';
    beforeAll(() => {
      const source = join(import.meta.dirname, '..', 'execute-guests', 'becomes-code.c');
      compile(source, folder, 'becomes-code', GUEST_COMPILER);
      path = join(folder, 'becomes-code');
      expected = qemu(path, 'exec').text;
    });

    const tight: readonly SystemOptions[] = [
      ...tlbs.map((tlb) => ({ tlb })),
      { memory: '128K' },
      { memory: '128K', tlb: 'none', replacement: 'lru' },
      { memory: '112K', tlb: '4x2:lru', replacement: 'random' },
    ];

    it.each(tight)('no-execute, %j', async (way) => {
      expect(expected).toMatch(/^mapped 1, stack 0, data 0\nsum \d+\nread only: 0\nnone: 0\nagain: 1\n$/);
      expect((await run(path, way, ['exec'])).text).toBe(expected);
      const asData = 'mapped 0, stack 0, data 0\nread only: 0\nnone: 0\nagain: 0\n';
      expect((await run(path, way, ['data'])).text).toBe(asData);
    });

    it.each(tight)('readable is executable, %j', async (way) => {
      const sum = /^sum .*$/m.exec(expected)![0];
      const all = `mapped 1, stack 1, data 1\n${sum}\nread only: 1\nnone: 0\nagain: 1\n`;
      for (const mode of ['exec', 'data']) {
        const { text, report } = await run(path, { ...way, execute: 'readable' }, [mode]);
        expect(text).toBe(all);
        if (way.memory !== undefined) expect(report.swap.reads).toBeGreaterThan(0);
      }
    });
  });
});
