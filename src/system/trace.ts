/** From a stream of bytes, in any of the formats, to a dense trace. */
import { UserError } from '../base/errors.ts';
import { type Consume, TraceBuilder } from '../replay/builder.ts';
import {
  type DenseTrace,
  KIND,
  KIND_SHIFT,
  PAGE_MASK,
  referencesOf,
  type TraceKind,
} from '../replay/dense.ts';
import type { FormatContext, TraceParser } from '../replay/formats/contract.ts';
import { readTrace } from '../replay/formats/read.ts';
import { findFormat } from '../replay/formats/registry.ts';
import type { TraceSummary } from '../report/replay-schema.ts';

export interface TraceOptions {
  /** Name of a format; chosen by content without it. */
  readonly format: string | undefined;
  /** Bytes of a page: a power of two from 1 to 2^31. */
  readonly pageSize: number;
  readonly kinds: readonly Exclude<TraceKind, 'release'>[];
  readonly columns: FormatContext['columns'];
}

export const DEFAULT_TRACE_OPTIONS: TraceOptions = {
  format: undefined,
  pageSize: 4096,
  kinds: ['fetch', 'load', 'store'],
  columns: {},
};

/** Where a trace comes from. */
export interface TraceBytes {
  /** For messages. */
  readonly name: string;
  /** Uncompressed, cut anywhere. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ReadTrace {
  readonly trace: DenseTrace;
  /** Name of the format that it was in. */
  readonly format: string;
}

/** Who hears of a trace while it is read; see `BuilderOptions`. */
export interface TraceListeners {
  readonly onProgress?: ((references: number) => void) | undefined;
  /** Takes the entries; the trace that is given in the end has none. */
  readonly consume?: Consume | undefined;
}

/**
 * @throws UserError when an option is wrong, or the trace is malformed, unknown or empty
 */
export async function denseTrace(
  { name, chunks }: TraceBytes,
  options: TraceOptions,
  { onProgress, consume }: TraceListeners = {},
): Promise<ReadTrace> {
  const { pageSize, kinds, columns } = options;
  const builder = new TraceBuilder({ name, pageSize, kinds, onProgress, consume });
  const wanted = options.format === undefined ? undefined : findFormat(options.format, '--format');
  const format = await readTrace(chunks, wanted, { name, pageSize, columns }, builder);
  return { trace: builder.finish(), format: format.name };
}

/** Reads a trace a piece at a time, for who wants to know with which piece a reference comes. */
export class PlaceSeeker {
  readonly #builder: TraceBuilder;
  readonly #parser: TraceParser;

  /** @param options with the format's name */
  constructor(name: string, { format, pageSize, kinds, columns }: TraceOptions) {
    this.#builder = new TraceBuilder({ name, pageSize, kinds, consume: () => {} });
    this.#parser = findFormat(format!, '--format').parser({ name, pageSize, columns }, this.#builder);
  }

  push(bytes: Uint8Array): void {
    this.#parser.push(bytes);
  }

  get references(): number {
    return this.#builder.references;
  }
}

/** Number of the first reference to a page, from 0. */
export function firstReference({ chunks }: DenseTrace, page: number): number {
  let references = 0;
  for (const chunk of chunks) {
    for (const entry of chunk) {
      if (entry >>> KIND_SHIFT === KIND.release) continue;
      if ((entry & PAGE_MASK) === page) return references;
      references++;
    }
  }
  return references;
}

/**
 * Kinds as written: `load,store`, or `data` for both, or `all`.
 * @throws UserError otherwise
 */
export function parseKinds(text: string, place: string): TraceOptions['kinds'] {
  const named: Readonly<Record<string, TraceOptions['kinds']>> = {
    fetch: ['fetch'],
    load: ['load'],
    store: ['store'],
    data: ['load', 'store'],
    all: ['fetch', 'load', 'store'],
  };
  return text.split(',').flatMap((word) => {
    const kinds = named[word.trim()];
    if (kinds === undefined)
      throw new UserError(place, `unknown kind '${word}'; known: ${Object.keys(named).join(', ')}`);
    return kinds;
  });
}

/** What the report says of a trace. */
export function summaryOf(trace: DenseTrace, format: string): TraceSummary {
  const { counts } = trace;
  return {
    name: trace.name,
    format,
    pageSize: trace.pageSize,
    references: referencesOf(trace),
    fetches: counts[KIND.fetch],
    loads: counts[KIND.load],
    stores: counts[KIND.store],
    releases: counts[KIND.release],
    pages: trace.pages,
    owners: [...trace.owners],
    notes: [...trace.notes],
  };
}
