/** Where a reference stands in its file, found by reading the file again up to it. */
import { openTrace } from '../adapters/trace-source.ts';
import { PlaceSeeker, type TraceOptions } from '../system/trace.ts';

const LINE_FEED = 10;

/**
 * @param reference number of the reference, from 0
 * @returns `file:12`, or `file+0x1f` for a binary one
 */
export async function placeOfReference(
  path: string,
  format: string,
  options: TraceOptions,
  reference: number,
): Promise<string> {
  const { chunk: wanted, name } = await chunkOf(path, format, options, reference);
  const seeker = new PlaceSeeker(name, { ...options, format });
  const source = await openTrace(path);
  let number = 0;
  let offset = 0;
  let line = 1;
  let isText = true;
  for await (const chunk of source.chunks) {
    isText &&= !chunk.includes(0);
    if (number++ < wanted) {
      seeker.push(chunk);
      offset += chunk.length;
      for (const byte of chunk) if (byte === LINE_FEED) line++;
      continue;
    }
    for (let at = 0; at < chunk.length; at++) {
      seeker.push(chunk.subarray(at, at + 1));
      if (seeker.references > reference)
        return isText ? `${name}:${line}` : `${name}+0x${(offset + at).toString(16)}`;
      if (chunk[at] === LINE_FEED) line++;
    }
  }
  return isText ? `${name}:${line}` : `${name}+0x${offset.toString(16)}`;
}

/** Number of the piece of the file with which the reference comes. */
async function chunkOf(
  path: string,
  format: string,
  options: TraceOptions,
  reference: number,
): Promise<{ chunk: number; name: string }> {
  const source = await openTrace(path);
  const seeker = new PlaceSeeker(source.name, { ...options, format });
  let chunk = 0;
  for await (const bytes of source.chunks) {
    seeker.push(bytes);
    if (seeker.references > reference) break;
    chunk++;
  }
  return { chunk, name: source.name };
}
