/** Progress of long work on standard error, when that is a terminal. */

export interface Progress {
  at(done: number, what: string): void;
  stop(): void;
}

const silent: Progress = { at: () => undefined, stop: () => undefined };

/** @param unit what is counted, e.g. `runs` */
export async function startProgress(unit: string, total: number): Promise<Progress> {
  if (!process.stderr.isTTY) return silent;
  const { SingleBar } = await import('cli-progress');
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

/** Work whose end is known by another measure than what is counted, or not at all. */
export interface AmountProgress {
  /** @param done of `unit`; @param measured of the total */
  at(done: number, measured: number): void;
  stop(): void;
}

const REFRESH_MS = 100;

/**
 * @param what is worked on
 * @param unit what is counted, e.g. `references`
 * @param total where `measured` ends; `undefined` when nobody knows
 */
export function startAmount(what: string, unit: string, total: number | undefined): AmountProgress {
  if (!process.stderr.isTTY) return { at: () => undefined, stop: () => undefined };
  const started = performance.now();
  let shown = 0;
  return {
    at: (done, measured) => {
      const now = performance.now();
      if (now - shown < REFRESH_MS) return;
      shown = now;
      const seconds = (now - started) / 1000;
      const share = total === undefined || total === 0 ? undefined : measured / total;
      const left = share ? ` · ${Math.ceil((seconds / share) * (1 - share))} s left` : '';
      const percent = share === undefined ? '' : ` · ${Math.floor(share * 100)} %`;
      const rate = (done / seconds / 1e6).toFixed(1);
      process.stderr.write(
        `\r\x1b[K${what}: ${(done / 1e6).toFixed(1)} M ${unit} · ${rate} M/s${percent}${left}`,
      );
    },
    stop: () => process.stderr.write('\r\x1b[K'),
  };
}
