/** Recorded references, read; record-format.ts describes the format. */
import { UserError } from '../base/errors.ts';
import {
  KINDS,
  LETTERS,
  OPERATIONS,
  OTHER,
  RECORD_MAGIC,
  RECORD_VERSION,
  type RecordEntry,
  type RecordedKind,
  type RecordHeader,
  unitOf,
  unzigzag,
  usualBytes,
} from './record-format.ts';

export interface ReadRecord {
  readonly header: RecordHeader;
  /** Decoded while they are asked for; a malformed entry throws a UserError. */
  readonly entries: Iterable<RecordEntry>;
}

const LINE_FEED = 10;
/** The header's lines are no longer. */
const LONGEST_LINE = 1 << 20;

/**
 * @param bytes a whole file, not compressed
 * @param name of the file, for messages
 * @throws UserError when it is not a record, or one of another version
 */
export function readRecord(bytes: Uint8Array, name: string): ReadRecord {
  const first = lineAt(bytes, 0);
  const [magic, version, form] = first?.text.split(' ') ?? [];
  if (first === undefined || magic !== RECORD_MAGIC) {
    throw new UserError(
      name,
      `not a reference record; expected '${RECORD_MAGIC} ${RECORD_VERSION} …' in line 1`,
    );
  }
  if (version !== String(RECORD_VERSION)) {
    throw new UserError(`${name}:1`, `version ${version} of the format; expected ${RECORD_VERSION}`);
  }
  if (form !== 'binary' && form !== 'text')
    throw new UserError(`${name}:1`, `form '${form}', expected binary or text`);
  const second = lineAt(bytes, first.end);
  const header = parseHeader(second?.text ?? '', name);
  const start = second?.end ?? bytes.length;
  const entries =
    form === 'text' ? textEntries(bytes, start, header, name) : binaryEntries(bytes, start, header, name);
  return { header, entries };
}

function lineAt(bytes: Uint8Array, start: number): { text: string; end: number } | undefined {
  const end = bytes.subarray(start, start + LONGEST_LINE).indexOf(LINE_FEED);
  if (end < 0) return undefined;
  return { text: new TextDecoder().decode(bytes.subarray(start, start + end)), end: start + end + 1 };
}

function parseHeader(text: string, name: string): RecordHeader {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UserError(`${name}:2`, 'not JSON');
  }
  const { granularity, pageSize, program } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (granularity !== 'every' && granularity !== 'page')
    throw new UserError(`${name}:2`, 'no granularity every or page');
  if (typeof pageSize !== 'number' || !(pageSize >= 1)) throw new UserError(`${name}:2`, 'no pageSize');
  return { granularity, pageSize, program: Array.isArray(program) ? program.map(String) : [] };
}

function* binaryEntries(
  bytes: Uint8Array,
  start: number,
  header: RecordHeader,
  name: string,
): Generator<RecordEntry> {
  const places = { fetch: 0, load: 0 };
  let at = start;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 49)
        throw new UserError(`${name}+0x${at.toString(16)}`, 'cut off or malformed');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const first = bytes[at++]!;
    const value = ((first >> 3) & 15) + (first >= 0x80 ? number() * 16 : 0);
    const kind = KINDS[first & 3];
    if (kind === undefined) {
      yield operation(value, number, name);
      continue;
    }
    const series = kind === 'fetch' ? 'fetch' : 'load';
    places[series] += unzigzag(value);
    const usual = header.granularity === 'page' ? header.pageSize : usualBytes(kind);
    const size = first & 4 ? number() : usual;
    yield { type: 'reference', kind, address: places[series] * unitOf(kind, header), bytes: size };
  }
}

function operation(code: number, number: () => number, name: string): RecordEntry {
  switch (code) {
    case OPERATIONS.exit:
      return { type: 'exit' };
    case OPERATIONS.unmap:
      return { type: 'unmap', page: number(), count: number() };
    case OPERATIONS.space:
      return { type: 'space', space: number() };
    default:
      throw new UserError(name, `unknown operation ${code} of kind ${OTHER}`);
  }
}

function* textEntries(
  bytes: Uint8Array,
  start: number,
  header: RecordHeader,
  name: string,
): Generator<RecordEntry> {
  let line = 2;
  for (let at = start; at < bytes.length; ) {
    const next = lineAt(bytes, at);
    line++;
    if (next === undefined) throw new UserError(`${name}:${line}`, 'cut off: the line has no end');
    at = next.end;
    yield parseLine(next.text, header, `${name}:${line}`);
  }
}

const kindsByLetter = new Map<string, RecordedKind>(KINDS.map((kind) => [LETTERS[kind], kind]));

function parseLine(text: string, header: RecordHeader, place: string): RecordEntry {
  const [word = '', first = '', second = ''] = text.split(' ');
  const hexadecimal = Number.parseInt(first, 16);
  const kind = kindsByLetter.get(word);
  if (kind !== undefined && hexadecimal >= 0) {
    const bytes = header.granularity === 'page' ? header.pageSize : Number(second);
    return { type: 'reference', kind, address: hexadecimal, bytes };
  }
  if (word === 'unmap' && hexadecimal >= 0 && Number(second) >= 1) {
    return { type: 'unmap', page: hexadecimal, count: Number(second) };
  }
  if (word === 'space' && Number(first) >= 0) return { type: 'space', space: Number(first) };
  if (word === 'exit') return { type: 'exit' };
  throw new UserError(place, `'${text}' is not an entry`);
}
