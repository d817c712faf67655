/** Runs a program and takes its references straight into dense traces. */
import { TraceBuilder } from '../replay/builder.ts';
import { RecordedTrace } from '../replay/formats/pagewalk.ts';
import type { RecordWriter } from '../replay/record-format.ts';
import type { SystemConfig } from './config.ts';
import type { SystemPorts } from './ports.ts';
import { createSystem } from './system.ts';
import type { ReadTrace, TraceOptions } from './trace.ts';

const HEADER = { granularity: 'every', pageSize: 4096, program: [] } as const;

/** A record that is not written but told to others. */
function toldTo(records: readonly RecordedTrace[]): RecordWriter {
  return {
    reference(kind, address, bytes) {
      for (const one of records) one.reference(kind, address, bytes);
    },
    space(space) {
      for (const one of records) one.space(space);
    },
    unmap(page, count) {
      for (const one of records) one.unmap(page, count);
    },
    share(page, space, of) {
      for (const one of records) one.share(page, space, of);
    },
    part(page) {
      for (const one of records) one.part(page);
    },
    kernel() {
      for (const one of records) one.kernel();
    },
    refused(address) {
      for (const one of records) one.refused(address);
    },
    flush(page, count) {
      for (const one of records) one.flush(page, count);
    },
    exit() {
      for (const one of records) one.exit();
    },
    finish() {},
  };
}

/**
 * @param pageSizes a trace is made for each
 * @param onProgress told now and then how many references there are
 * @throws UserError when the program can't be run
 */
export async function recordProgram(
  config: SystemConfig,
  ports: SystemPorts,
  { kinds }: Pick<TraceOptions, 'kinds'>,
  pageSizes: readonly number[],
  onProgress?: (references: number) => void,
): Promise<ReadTrace[]> {
  const { name } = ports.program;
  const builders = pageSizes.map((pageSize) => new TraceBuilder({ name, pageSize, kinds, onProgress }));
  const records = builders.map(
    (builder, i) => new RecordedTrace(HEADER, { name, pageSize: pageSizes[i]!, columns: {} }, builder),
  );
  const system = createSystem(config, { ...ports, record: toldTo(records) });
  try {
    const end = await system.run();
    if (end.kind !== 'exited' || end.status !== 0)
      for (const builder of builders)
        builder.note(
          end.kind === 'exited'
            ? `the program exited with status ${end.status}`
            : `the program was ${end.kind}`,
        );
    return builders.map((builder) => ({ trace: builder.finish(), format: 'recorded run' }));
  } finally {
    system.close();
  }
}
