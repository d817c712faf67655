/** Runs `qemu-riscv64`, which now and then never ends when a program forks: then it is asked again. */
import { type SpawnSyncOptions, type SpawnSyncReturns, spawnSync } from 'node:child_process';

const PATIENCE = 40_000;
const TRIES = 3;

const isLate = ({ error }: SpawnSyncReturns<Buffer>): boolean =>
  error !== undefined && 'code' in error && error.code === 'ETIMEDOUT';

/** @throws Error when it can't be started, or does not end at all */
export function qemuRuns(args: readonly string[], options: SpawnSyncOptions): SpawnSyncReturns<Buffer> {
  const ask = () =>
    spawnSync('qemu-riscv64', args, {
      maxBuffer: 1 << 26,
      ...options,
      encoding: null,
      timeout: PATIENCE,
      killSignal: 'SIGKILL',
    });
  let answer = ask();
  for (let i = 1; i < TRIES && isLate(answer); i++) answer = ask();
  if (answer.error !== undefined) throw answer.error;
  return answer;
}
