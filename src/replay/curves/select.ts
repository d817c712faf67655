/** Parts of a trace, for curves of their own. */
import { type DenseTrace, KIND, KIND_SHIFT, PAGE_MASK, type TraceKind } from '../dense.ts';
import { ChunkWriter } from './chunk-writer.ts';

export interface Selection {
  /** Kinds of references that are kept; all without it. */
  readonly kinds?: readonly Exclude<TraceKind, 'release'>[] | undefined;
  /** Indices into the trace's `owners` whose pages are kept; all without it. */
  readonly owners?: readonly number[] | undefined;
}

/**
 * The references that a selection keeps, in their order, with the page numbers that they had; some of the numbers
 * below `pages` may have no reference left. Releases are kept of pages that have a reference before them.
 */
export function selectEntries(trace: DenseTrace, { kinds, owners }: Selection): DenseTrace {
  const keepsKind = (['fetch', 'load', 'store'] as const).map((kind) => kinds?.includes(kind) ?? true);
  const keepsOwner = trace.owners.map((_, owner) => owners?.includes(owner) ?? true);
  const kept = new Uint8Array(trace.pages);
  const writer = new ChunkWriter(trace.entries);
  for (const chunk of trace.chunks) {
    for (let i = 0; i < chunk.length; i++) {
      const entry = chunk[i]!;
      const page = entry & PAGE_MASK;
      const kind = entry >>> KIND_SHIFT;
      if (
        kind === KIND.release ? kept[page] === 0 : !keepsKind[kind] || !keepsOwner[trace.names.owner[page]!]
      )
        continue;
      kept[page] = 1;
      writer.push(entry);
    }
  }
  return { ...trace, ...writer.finish() };
}
