/** Progress of long work on standard error, when that is a terminal. */
import { SingleBar } from 'cli-progress';

export interface Progress {
  at(done: number, what: string): void;
  stop(): void;
}

const silent: Progress = { at: () => undefined, stop: () => undefined };

/** @param unit what is counted, e.g. `runs` */
export function startProgress(unit: string, total: number): Progress {
  if (!process.stderr.isTTY) return silent;
  const format = `{bar} {value}/{total} ${unit}  {what}`;
  const bar = new SingleBar({
    format,
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    barsize: 24,
  });
  bar.start(total, 0, { what: '' });
  return {
    at: (done, what) => bar.update(done, { what }),
    stop: () => bar.stop(),
  };
}
