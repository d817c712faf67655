/** Runs a program and takes its references straight into a dense trace. */

import { TraceBuilder } from '../replay/builder.ts';
import { KIND } from '../replay/dense.ts';
import type { RecordedKind, RecordWriter } from '../replay/record-format.ts';
import type { SystemConfig } from './config.ts';
import type { SystemPorts } from './ports.ts';
import { createSystem } from './system.ts';
import type { ReadTrace, TraceOptions } from './trace.ts';

const WORD = 2 ** 32;
const nameOf = (page: number) => ({ low: page % WORD, high: Math.floor(page / WORD) });

/** A record that is not written but built into a trace. */
class TracedRecord implements RecordWriter {
  readonly #builder: TraceBuilder;

  constructor(builder: TraceBuilder) {
    this.#builder = builder;
  }

  reference(kind: RecordedKind, address: number, bytes: number): void {
    this.#builder.access(KIND[kind], address % WORD, Math.floor(address / WORD), bytes);
  }

  space(space: number): void {
    this.#builder.owner(space);
  }

  unmap(page: number, count: number): void {
    this.#builder.release(page % WORD, Math.floor(page / WORD), count);
  }

  share(page: number, space: number, of: number): void {
    this.#builder.share(nameOf(page), space, nameOf(of));
  }

  part(page: number): void {
    this.#builder.part(nameOf(page));
  }

  exit(): void {
    this.#builder.exit();
  }

  finish(): void {}
}

/**
 * @param onProgress told now and then how many references there are
 * @throws UserError when the program can't be run
 */
export async function recordProgram(
  config: SystemConfig,
  ports: SystemPorts,
  { kinds }: Pick<TraceOptions, 'kinds'>,
  onProgress?: (references: number) => void,
): Promise<ReadTrace> {
  const name = ports.program.name;
  const builder = new TraceBuilder({ name, pageSize: 4096, kinds, onProgress });
  const system = createSystem(config, { ...ports, record: new TracedRecord(builder) });
  try {
    const end = await system.run();
    if (end.kind !== 'exited' || end.status !== 0)
      builder.note(
        end.kind === 'exited'
          ? `the program exited with status ${end.status}`
          : `the program was ${end.kind}`,
      );
    return { trace: builder.finish(), format: 'recorded run' };
  } finally {
    system.close();
  }
}
