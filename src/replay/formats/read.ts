/** Reads a trace of any format. */
import type { FormatContext, TraceFormat, TraceSink } from './contract.ts';
import { HEAD_BYTES } from './head.ts';
import { pages } from './lists.ts';
import { chooseFormat } from './registry.ts';

/**
 * Reads all of a trace into a sink; returns its format. An empty trace is a list of no pages: whoever asked for
 * it says that it is empty.
 * @param source bytes of the trace, not compressed, cut anywhere
 * @param format `undefined` to choose it by how the trace begins
 * @throws UserError when no format fits, or the trace is malformed or cut off
 */
export async function readTrace(
  source: AsyncIterable<Uint8Array>,
  format: TraceFormat | undefined,
  context: FormatContext,
  sink: TraceSink,
): Promise<TraceFormat> {
  let head: Uint8Array | undefined = new Uint8Array(0);
  let parser = format?.parser(context, sink);
  const begin = (): void => {
    if (head === undefined || head.length === 0) return;
    format ??= chooseFormat(head.subarray(0, HEAD_BYTES), context.name);
    parser ??= format.parser(context, sink);
    parser.push(head);
    head = undefined;
  };
  for await (const chunk of source) {
    if (head === undefined) parser!.push(chunk);
    else {
      head = joined(head, chunk);
      if (head.length >= HEAD_BYTES || format !== undefined) begin();
    }
  }
  begin();
  if (head === undefined) parser!.end();
  return format ?? pages;
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
