/**
 * A CoreMark-like program (list, matrices, state machine, CRC) under Sv39 and the modelled TLB, beside
 * `qemu-riscv64`, which does no paging: how much of its speed the interpreter reaches. Two lengths of run are
 * subtracted, so that start-up does not count.
 */
import { compare, run, shipped } from './measure.mjs';

const program = shipped('bench-mix');
const [short, long] = ['200', '2200'];
const rounds = 3;
const variants = {
  'qemu-riscv64': (n) => ['qemu-riscv64', program, n],
  'clock, 64x4:lru': (n) => run(program, n),
  'lru (with stamps)': (n) => run('--replacement', 'lru', program, n),
  'clock, 64x64:lru': (n) => run('--tlb', '64x64:lru', program, n),
  'clock, 16x1:fifo': (n) => run('--tlb', '16x1:fifo', program, n),
};

const names = Object.keys(variants);
const times = compare(
  names.flatMap((name) => [variants[name](short), variants[name](long)]),
  rounds,
);
const net = names.map((_, i) =>
  times[2 * i + 1] === undefined ? undefined : times[2 * i + 1] - times[2 * i],
);
console.log('bench-mix, seconds for 2,000 iterations, and share of the speed of qemu-riscv64');
names.forEach((name, i) => {
  const share = net[0] === undefined || net[i] === undefined ? '' : `  ${(net[0] / net[i]).toFixed(3)}`;
  const shown = net[i] === undefined ? 'is not installed' : `${net[i].toFixed(2).padStart(6)} s`;
  console.log(`  ${name.padEnd(20)} ${shown}${share}`);
});
