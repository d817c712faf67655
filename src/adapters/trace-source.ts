/** Bytes of a trace from a file or standard input, decompressed where need be. */
import { spawn } from 'node:child_process';
import { readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline, Readable } from 'node:stream';
import * as zlib from 'node:zlib';
import { UserError } from '../base/errors.ts';

/** Bytes that are read at once, and that chunks have at least but for the last one. */
const READ = 1 << 18;
const LEAST = 1 << 16;
/** Bytes by which compression is known. */
const MAGIC = 4;

export interface TraceSource {
  /** As the user named it; `standard input` for `-`. */
  readonly name: string;
  /** Bytes of the file as it is stored; `undefined` where nothing tells, as for a pipe. */
  readonly size: number | undefined;
  /** Bytes of the file that were read so far, of at most `size`. */
  bytesRead(): number;
  /**
   * Uncompressed, each but the last of 64 KiB or more; for one reader, who must not keep them. Throws a UserError when the file can't be
   * read further, or its compression is damaged or cut off.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * @param path of a file, or `-` for standard input
 * @throws UserError when there is no such file, or it can't be read
 */
export async function openTrace(path: string): Promise<TraceSource> {
  const plain = path === '-' ? undefined : await openPlain(path);
  if (plain !== undefined) return plain;
  const stored = path === '-' ? standardInput() : await openFile(path);
  const { name, size } = stored;
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of stored.bytes) {
        read += bytes.length;
        yield bytes;
      }
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(name, `can't be read: ${reasonOf(error)}`);
    }
  }
  const chunks = inLargeChunks(decompressed(counted(), name, () => read));
  return { name, size, chunks, bytesRead: () => read };
}

/**
 * A regular file that is not compressed, read into one buffer over and over: memory for half a gigabyte of trace would
 * cost more than parsing some formats. It is read on this thread, not on one of Node's, so that the bytes are in the
 * cache of the processor that parses them. `undefined` for all else, which `openFile` then opens, or refuses.
 */
async function openPlain(path: string): Promise<TraceSource | undefined> {
  let file: FileHandle;
  try {
    file = await open(path);
  } catch {
    return undefined;
  }
  const magic = new Uint8Array(MAGIC);
  const stat = await file.stat();
  const isPlain = stat.isFile() && (await file.read(magic, 0, MAGIC, 0)).bytesRead === MAGIC;
  if (!isPlain || isGzip(magic) || isZstd(magic)) {
    await file.close();
    return undefined;
  }
  let read = 0;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(READ);
    try {
      for (;;) {
        const length = readSync(file.fd, buffer, 0, READ, read);
        if (length === 0) return;
        read += length;
        yield buffer.subarray(0, length);
      }
    } catch (error) {
      throw error instanceof UserError ? error : new UserError(path, `can't be read: ${reasonOf(error)}`);
    } finally {
      await file.close();
    }
  }
  return { name: path, size: stat.size, chunks: chunks(), bytesRead: () => read };
}

/** A file before its compression is undone. */
interface Stored {
  readonly name: string;
  readonly size: number | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

const standardInput = (): Stored => ({ name: 'standard input', size: undefined, bytes: process.stdin });

async function openFile(path: string): Promise<Stored> {
  try {
    const file = await open(path);
    const stat = await file.stat();
    if (stat.isDirectory()) {
      await file.close();
      throw new UserError(path, 'is a directory, expected a trace');
    }
    const bytes = file.createReadStream({ highWaterMark: READ });
    // Told when the bytes are read; without a reader it would end the process.
    bytes.on('error', () => {});
    return { name: path, size: stat.isFile() ? stat.size : undefined, bytes };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(
      path,
      codeOf(error) === 'ENOENT' ? 'no such file' : `can't be read: ${reasonOf(error)}`,
    );
  }
}

/** Undoes the compression that the first bytes tell of. */
async function* decompressed(
  stored: AsyncGenerator<Uint8Array>,
  name: string,
  read: () => number,
): AsyncGenerator<Uint8Array> {
  const [first, rest] = await beginning(stored);
  if (isGzip(first)) yield* throughStream(rest, zlib.createGunzip({ chunkSize: READ }), 'gzip', name);
  else if (isZstd(first)) yield* unzstd(rest, name, read);
  else yield* rest;
}

/** The first few bytes, and all of them again. */
async function beginning(
  stored: AsyncGenerator<Uint8Array>,
): Promise<[first: Uint8Array, all: AsyncGenerator<Uint8Array>]> {
  let first: Uint8Array = new Uint8Array(0);
  while (first.length < MAGIC) {
    const next = await stored.next();
    if (next.done === true) break;
    first = first.length === 0 ? next.value : Buffer.concat([first, next.value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (first.length > 0) yield first;
      yield* stored;
    } finally {
      await stored.return(undefined);
    }
  }
  return [first, all()];
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** A frame, or a frame to skip, which parallel compressors put before the others. */
function isZstd(bytes: Uint8Array): boolean {
  const [a, b, c, d] = bytes;
  const isSkippable = a !== undefined && a >> 4 === 5 && b === 0x2a && c === 0x4d && d === 0x18;
  return isSkippable || (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd);
}

type Compression = 'gzip' | 'zstd';

const placeAt = (name: string, offset: number): string => `${name}+0x${offset.toString(16)}`;

const damaged = (compression: Compression, place: string, reason: string): UserError =>
  new UserError(place, `the ${compression} compression is cut off or damaged: ${reason}`);

async function* throughStream(
  bytes: AsyncIterable<Uint8Array>,
  stream: zlib.Gunzip,
  compression: Compression,
  name: string,
): AsyncGenerator<Uint8Array> {
  // The first of two errors is the cause, and the iteration below throws it.
  pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 2 }), stream, () => {});
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw error instanceof UserError
      ? error
      : damaged(compression, placeAt(name, stream.bytesWritten), reasonOf(error));
  } finally {
    stream.destroy();
  }
}

/** Node 22.15 and newer undo it; before, the zstd program does. */
async function* unzstd(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  read: () => number,
): AsyncGenerator<Uint8Array> {
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (options: object) => zlib.Gunzip };
  if (createZstdDecompress !== undefined)
    yield* throughStream(bytes, createZstdDecompress({ chunkSize: READ }), 'zstd', name);
  else yield* throughProgram(bytes, name, read);
}

async function* throughProgram(
  bytes: AsyncIterable<Uint8Array>,
  name: string,
  read: () => number,
): AsyncGenerator<Uint8Array> {
  // Traces are often compressed with windows that the program takes only when it is told to.
  const child = spawn('zstd', ['-dcq', '--long=31'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => {
    complaint += text.toString();
  });
  const ended = new Promise<Error | number | null>((resolve) => {
    child.on('error', resolve);
    child.on('close', resolve);
  });
  let cause: unknown;
  // A program that ends early leaves a broken pipe; what it complains of is the cause then.
  pipeline(Readable.from(bytes, { objectMode: true, highWaterMark: 2 }), child.stdin, (error) => {
    cause = error;
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const status = await ended;
    if (cause instanceof UserError) throw cause;
    if (status instanceof Error) throw noProgram(name);
    if (status !== 0) throw damaged('zstd', placeAt(name, read()), complaintOf(complaint));
  } finally {
    child.kill();
  }
}

const noProgram = (name: string): UserError =>
  new UserError(name, 'is compressed with zstd; install the zstd program, or Node.js 22.15 or newer');

/** The last part of what zstd says: `zstd: /*stdin*\: unknown header`. */
function complaintOf(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return line.replace(/^zstd: /, '').replace(/^\/\*stdin\*\\ ?: ?/, '') || 'no reason given';
}

async function* inLargeChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    pieces.push(piece);
    length += piece.length;
    if (length < LEAST) continue;
    yield pieces.length === 1 ? piece : Buffer.concat(pieces);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(pieces);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What went wrong without the system call and the path: `permission denied`. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return /^[A-Z0-9]+: (.*?), \w+/.exec(message)?.[1] ?? message;
}
