// Writes expected.json: what each program prints, and its status, under qemu-riscv64.
//   node programs/expect.mjs           writes it
//   node programs/expect.mjs --check   compares with it instead
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const runs = [
  ['hello'],
  ['hello-pie'],
  ['hello', '16'],
  ['sort', '20K'],
  ['sort', '20K', 'merge'],
  ['sort', '20K', 'heap'],
  ['sort', '20K', 'radix'],
  ['sort'],
  ['matmul', 'ijk', '64'],
  ['matmul', 'ikj', '64'],
  ['matmul', 'blocked', '64'],
  ['matmul'],
  ['hashjoin', '8K'],
  ['hashjoin', '8K', '64'],
  ['hashjoin'],
  ['treewalk', '12', '8K', 'shuffled'],
  ['treewalk', '12', '8K', 'breadth'],
  ['treewalk', '12', '8K', 'depth'],
  ['treewalk', '12', '8K', 'clustered'],
  ['treewalk'],
  ['alloc-churn', '256K', '8K'],
  ['alloc-churn'],
  ['sparse', '4G', '128', 'spread', '4'],
  ['sparse', '4G', '128', 'together', '4'],
  ['sparse'],
  ['scan', 'cyclic', '64', '8'],
  ['scan', 'pingpong', '64', '8'],
  ['scan', 'random', '64', '8'],
  ['scan', 'skewed', '64', '8'],
  ['scan', 'phases', '64', '8'],
  ['scan'],
  ['bench-mix', '10'],
  ['bench-mix', '1', '1M'],
  ['bench-mix'],
  ['echo-args', 'one', 'two words', ''],
  ['echo-args-pie', 'one', 'two words', ''],
  ['sort', 'bogus'],
  ['overflow', 'hello'],
  ['overflow'],
  ['rop'],
  ['server', 'bogus'],
  ['server', 'fork', '/tmp/pagewalk-nobody', '0', '64K'],
  ['client'],
  ['walk', '17K', '4', '3'],
  ['walk', '68K', '4K', '8'],
  ['walk'],
  ['walk', '64K', '6'],
  ['alias'],
  ['alias', '16K', '3'],
  ['alias', '5K'],
];

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const measured = runs.map(([program, ...args]) => {
  const { status, signal, stdout, error } = spawnSync('qemu-riscv64', [here(`bin/${program}.elf`), ...args], { env: {} });
  if (error) {
    console.error(`programs/expect.mjs: cannot run qemu-riscv64: ${error.message} (Debian: apt install qemu-user)`);
    process.exit(1);
  }
  return { program, args, status: status ?? 128 + constants.signals[signal], stdout: stdout.toString() };
});

const text = `${JSON.stringify(measured, null, 1)}\n`;
if (process.argv[2] !== '--check') {
  writeFileSync(here('expected.json'), text);
} else if (readFileSync(here('expected.json'), 'utf8') !== text) {
  console.error('programs/expect.mjs: qemu-riscv64 gives other results than programs/expected.json');
  process.exit(1);
}
