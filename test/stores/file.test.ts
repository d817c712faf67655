import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { PAGE_SIZE, slot } from '../../src/base/numbers.ts';
import type { PageStore } from '../../src/stores/contract.ts';
import { FileStore, openFileStore } from '../../src/stores/file.ts';
import { DescriptorFile, type PageFile } from '../../src/stores/file-pages.ts';
import { join, storeConformance, testPage } from './store.conformance.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'pagewalk-swap-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
const freshPath = () => joinPath(folder, `swap-${made++}`);
const open = (path: string, capacity = 16) => openFileStore(path, capacity, '--swap');

storeConformance('file', (capacity) => open(freshPath(), capacity));

describe('a swap file', () => {
  it('is made for its owner alone, takes no disk space yet, and is deleted when closed', () => {
    const path = freshPath();
    const store = open(path, 65_536);
    const { mode, size, blocks } = statSync(path);
    expect(mode & 0o777).toBe(0o600);
    expect(size).toBe(65_537 * PAGE_SIZE);
    expect(blocks * 512).toBeLessThan(100 * PAGE_SIZE);
    expect(store.name).toBe(`file:${path}`);
    store.close();
    expect(existsSync(path)).toBe(false);
  });

  it('holds the pages themselves, after a header page', () => {
    const path = freshPath();
    const store = open(path);
    store.write([slot(3), slot(4)], join([testPage(3), testPage(4)]));
    expect(new Uint8Array(readFileSync(path).subarray(4 * PAGE_SIZE, 6 * PAGE_SIZE))).toEqual(
      join([testPage(3), testPage(4)]),
    );
    store.close();
  });

  it('deletes nothing that took its place', () => {
    const path = freshPath();
    const store = open(path);
    rmSync(path);
    writeFileSync(path, 'somebody else');
    store.close();
    expect(readFileSync(path, 'utf8')).toBe('somebody else');
  });
});

// Pages that were changed are found by the kernel's checksums: test/kernel/memory/swap-io.test.ts.
describe('damage to the swap file is found', () => {
  const read = (store: PageStore, at: number) => store.read([slot(at)], new Uint8Array(PAGE_SIZE));

  it('the file cut off', () => {
    const path = freshPath();
    const store = open(path);
    store.write([slot(0), slot(1)], join([testPage(0), testPage(1)]));
    truncateSync(path, 2 * PAGE_SIZE + 100);
    expect(read(store, 0)).toBeUndefined();
    // Even when the memory read into happens to hold the page still.
    expect(store.read([slot(1)], testPage(1))).toMatchObject({ kind: 'corrupt', slot: 1 });
    store.close();
  });
});

describe('an existing path', () => {
  it('is used when it is an empty file, and left empty', () => {
    const path = freshPath();
    writeFileSync(path, '');
    const store = open(path);
    store.write([slot(0)], testPage(0));
    store.close();
    expect(statSync(path).size).toBe(0);
  });

  it('is used when a run that was killed left its swap file there', () => {
    const path = freshPath();
    // All that such a run leaves: its header, with the number of a process that is gone, and its pages.
    const leftBehind = new Uint8Array(17 * PAGE_SIZE).fill(7);
    const { pid } = spawnSync(process.execPath, ['--version']);
    leftBehind.set(new TextEncoder().encode(`pagewalk swap file 1\nprocess ${pid}\n`));
    writeFileSync(path, leftBehind);
    const store = open(path);
    // What the former run left is not taken for ours.
    expect(store.read([slot(3)], new Uint8Array(PAGE_SIZE))).toMatchObject({ kind: 'corrupt', slot: 3 });
    expect(new Uint8Array(readFileSync(path).subarray(PAGE_SIZE))).toEqual(new Uint8Array(16 * PAGE_SIZE));
    store.close();
    expect(statSync(path).size).toBe(0);
  });

  it('is refused when another run is using it, then free again', () => {
    const path = freshPath();
    const first = open(path);
    expect(() => open(path)).toThrow(
      `--swap: cannot use '${path}': process ${process.pid} is using it as its swap file`,
    );
    first.close();
    open(path).close();
  });

  it("is refused, and left alone, when it is somebody's file", () => {
    const path = freshPath();
    writeFileSync(path, 'my thesis');
    expect(() => open(path)).toThrow(
      `--swap: cannot use '${path}': it exists and is not a swap file; give another path, or delete it`,
    );
    expect(readFileSync(path, 'utf8')).toBe('my thesis');
  });

  it('is refused when it is a link, even to nothing', () => {
    const [target, link, dangling] = [freshPath(), freshPath(), freshPath()];
    writeFileSync(target, '');
    symlinkSync(target, link);
    symlinkSync(freshPath(), dangling);
    for (const path of [link, dangling]) {
      expect(() => open(path)).toThrow(`--swap: cannot use '${path}': it is not a regular file`);
    }
  });

  it('is refused with the reason when it cannot be a file', () => {
    const path = freshPath();
    mkdirSync(path);
    expect(() => open(path)).toThrow(`--swap: cannot use '${path}': it is not a regular file`);
    expect(() => open('/dev/null')).toThrow(`--swap: cannot use '/dev/null': it is not a regular file`);
    const missing = joinPath(folder, 'no', 'such', 'swap');
    expect(() => open(missing)).toThrow(
      `--swap: cannot use '${missing}': no such file or directory (ENOENT)`,
    );
    const inFile = joinPath(folder, 'file', 'swap');
    writeFileSync(joinPath(folder, 'file'), '');
    expect(() => open(inFile)).toThrow(`--swap: cannot use '${inFile}': not a directory (ENOTDIR)`);
  });
});

describe('what goes wrong below', () => {
  const withFile = (overrides: Partial<PageFile>): FileStore => {
    const pages = new Uint8Array(20 * PAGE_SIZE);
    const file: PageFile = {
      path: 'test',
      readAt: (position, into) => {
        into.set(pages.subarray(position, position + into.length));
        return into.length;
      },
      writeAt: (position, from) => pages.set(from, position),
      close: () => {},
      ...overrides,
    };
    return new FileStore(file, 16);
  };
  const systemError = (code: string, text: string) =>
    Object.assign(new Error(`${code}: ${text}, write`), { code });

  it.runIf(existsSync('/dev/full'))('a full disk is full: the device that always is', () => {
    const store = new FileStore(new DescriptorFile('/dev/full', openSync('/dev/full', 'r+'), 'leave'), 16);
    expect(store.write([slot(2)], testPage(1))).toEqual({
      kind: 'full',
      slot: 2,
      detail: 'no space left on device (ENOSPC)',
    });
    store.close();
  });

  it.each([
    ['ENOSPC', 'full'],
    ['EDQUOT', 'full'],
    ['EIO', 'input-output'],
  ])('%s is %s, and the old page is gone', (code, kind) => {
    let broken = false;
    const store = withFile({
      writeAt: () => {
        if (broken) throw systemError(code, 'text');
      },
    });
    store.write([slot(2)], testPage(1));
    broken = true;
    expect(store.write([slot(2)], testPage(2))).toEqual({ kind, slot: 2, detail: `text (${code})` });
    expect(store.read([slot(2)], new Uint8Array(PAGE_SIZE))).toMatchObject({ kind: 'corrupt', slot: 2 });
  });

  it('a read that fails is an input-output failure, and the page may still be read later', () => {
    let broken = true;
    const sound = testPage(1);
    const store = withFile({
      readAt: (_, into) => {
        if (broken) throw systemError('EIO', 'i/o error');
        into.set(sound);
        return into.length;
      },
    });
    store.write([slot(2)], sound);
    const failure = { kind: 'input-output', slot: 2, detail: 'i/o error (EIO)' };
    expect(store.read([slot(2)], new Uint8Array(PAGE_SIZE))).toEqual(failure);
    broken = false;
    expect(store.read([slot(2)], new Uint8Array(PAGE_SIZE))).toBeUndefined();
  });

  it('one transfer serves neighbouring slots', () => {
    const transfers: [number, number][] = [];
    const store = withFile({
      writeAt: (position, from) => void transfers.push([position / PAGE_SIZE - 1, from.length / PAGE_SIZE]),
    });
    const slots = [4, 5, 6, 9, 8, 7, 10, 11].map(slot);
    store.write(slots, join(slots.map(testPage)));
    // [first slot, pages]: 4 5 6 are one transfer; 9 8 go backwards; 7 stands alone; 10 11 are one.
    expect(transfers).toEqual([
      [4, 3],
      [9, 1],
      [8, 1],
      [7, 1],
      [10, 2],
    ]);
  });
});
