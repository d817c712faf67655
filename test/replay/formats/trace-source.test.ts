import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTrace, type TraceSource } from '../../../src/adapters/trace-source.ts';
import { UserError } from '../../../src/base/errors.ts';
import { nextBelow, randomState } from '../../../src/base/random.ts';

const hasZstd = spawnSync('zstd', ['--version']).status === 0;

/** Text that compresses to more than is read at once. */
function manyLines(): Buffer {
  const random = randomState(1);
  return Buffer.from(
    Array.from({ length: 300_000 }, () => `0x${nextBelow(random, 2 ** 31).toString(16)}\n`).join(''),
  );
}

describe('a trace', () => {
  let folder = '';
  const text = manyLines();

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trace-source-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const fileOf = (bytes: Uint8Array): string => {
    const path = join(folder, 'trace');
    writeFileSync(path, bytes);
    return path;
  };
  const zstd = (bytes: Uint8Array): Buffer =>
    execFileSync('zstd', ['-qc'], { input: bytes, maxBuffer: 2 ** 30 });

  async function all(source: TraceSource): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of source.chunks) chunks.push(Buffer.from(chunk));
    expect(chunks.slice(0, -1).every((chunk) => chunk.length >= 1 << 16)).toBe(true);
    return Buffer.concat(chunks);
  }

  async function expectAll(stored: Uint8Array): Promise<void> {
    const source = await openTrace(fileOf(stored));
    expect(source.size).toBe(stored.length);
    expect(source.bytesRead()).toBe(0);
    expect((await all(source)).equals(text)).toBe(true);
    expect(source.bytesRead()).toBe(stored.length);
  }

  it('is read as it is', () => expectAll(text));
  it('of gzip is decompressed', () => expectAll(gzipSync(text)));
  it('of several gzip members is decompressed', () =>
    expectAll(Buffer.concat([gzipSync(text.subarray(0, 999)), gzipSync(text.subarray(999))])));
  it.runIf(hasZstd)('of zstd is decompressed', () => expectAll(zstd(text)));
  it.runIf(hasZstd)('of several zstd frames, one to skip, is decompressed', () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);
    return expectAll(Buffer.concat([skipped, zstd(text.subarray(0, 999)), zstd(text.subarray(999))]));
  });

  it.each([0, 1, 3])('of %d bytes is read', async (length) => {
    expect(await all(await openTrace(fileOf(text.subarray(0, length))))).toHaveLength(length);
  });

  it('is left when its reader stops', async () => {
    for (const stored of [text, gzipSync(text), ...(hasZstd ? [zstd(text)] : [])]) {
      for await (const chunk of (await openTrace(fileOf(stored))).chunks) {
        expect(chunk.length).toBeGreaterThan(0);
        break;
      }
    }
  });

  async function messageOf(path: string): Promise<string> {
    try {
      await all(await openTrace(path));
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      return (error as UserError).message;
    }
    return 'no error';
  }

  it('that is cut off says so, and where', async () => {
    const gzip = gzipSync(text);
    const path = fileOf(gzip.subarray(0, 700_000));
    expect(await messageOf(path)).toBe(
      `${path}+0xaae60: the gzip compression is cut off or damaged: unexpected end of file`,
    );
    if (!hasZstd) return;
    fileOf(zstd(text).subarray(0, 700_000));
    expect(await messageOf(path)).toMatch(/trace\+0xaae60: the zstd compression is cut off or damaged: \S/);
  });

  it('that is damaged says so', async () => {
    const gzip = gzipSync(text);
    gzip.fill(0xff, 500_000, 500_100);
    expect(await messageOf(fileOf(gzip))).toMatch(
      /trace\+0x[0-9a-f]+: the gzip compression is cut off or damaged: \S/,
    );
    if (!hasZstd) return;
    const damaged = zstd(text);
    damaged.fill(0xff, 500_000, 500_100);
    expect(await messageOf(fileOf(damaged))).toMatch(
      /trace\+0x[0-9a-f]+: the zstd compression is cut off or damaged: \S/,
    );
  });

  it('that can not be read is a mistake', async () => {
    expect(await messageOf('/none/such')).toBe('/none/such: no such file');
    mkdirSync(join(folder, 'd'), { recursive: true });
    expect(await messageOf(join(folder, 'd'))).toBe(`${join(folder, 'd')}: is a directory, expected a trace`);
    expect(await messageOf(join(fileOf(text), 'x'))).toMatch(/trace\/x: can't be read: not a directory$/);
  });

  it.runIf(hasZstd)('of zstd needs the program, or a newer node', async () => {
    const path = fileOf(zstd(text));
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
      const message = await messageOf(path);
      if (message !== 'no error')
        expect(message).toBe(
          `${path}: is compressed with zstd; install the zstd program, or Node.js 22.15 or newer`,
        );
    } finally {
      process.env.PATH = PATH;
    }
  });
});
