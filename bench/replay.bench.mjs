/**
 * Replay: 20 million requests, Zipf(1.0) over 900,000 pages, in oracleGeneral format. CPU seconds of the whole command
 * for one policy on 100,000 frames and for the exact LRU curve, beside libCacheSim's if LIBCACHESIM names its
 * `cachesim`; and ns a reference for reading and replaying apart.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pagewalk, root } from './measure.mjs';

const REFERENCES = 20_000_000;
const PAGES = 900_000;
const FRAMES = 100_000;
const ENTRY = 24;
const BATCH = 1 << 16;
const policies = ['fifo', 'lru', 'clock', 'optimal'];
const theirs = { fifo: 'fifo', lru: 'lru', clock: 'clock', optimal: 'belady' };

const library = await import(pathToFileURL(join(root, 'dist', 'system', 'index.js')).href);
const folder = mkdtempSync(join(tmpdir(), 'pagewalk-bench-'));
try {
  const trace = join(folder, 'zipf.oracleGeneral');
  writeTrace(trace);
  for (const policy of policies) compare(policy, trace);
  const curve = cpuSeconds(process.execPath, [
    pagewalk,
    'curve',
    '--no-cache',
    '--no-plot',
    '--policy',
    'lru',
    trace,
  ]);
  console.log(`lru curve, all sizes: ${curve.toFixed(2)} CPU-s`);
  await apart(trace);
} finally {
  rmSync(folder, { recursive: true });
}

/** The pages in memory first: libCacheSim wants to know of each request when the next one for its object comes. */
function writeTrace(path) {
  const workload = library.findWorkload(
    'zipf:1',
    { pages: PAGES, references: REFERENCES, stores: 0 },
    'bench',
  );
  const pages = new Uint32Array(REFERENCES);
  for (let at = 0; at < REFERENCES; ) at += workload.fill(pages.subarray(at, at + BATCH));
  const coming = new Int32Array(PAGES).fill(-1);
  const next = new Int32Array(REFERENCES);
  for (let i = REFERENCES - 1; i >= 0; i--) {
    const page = pages[i] & 0x3fff_ffff;
    next[i] = coming[page];
    coming[page] = i;
  }
  const file = openSync(path, 'w');
  const bytes = Buffer.alloc(BATCH * ENTRY);
  for (let from = 0; from < REFERENCES; from += BATCH) {
    const to = Math.min(REFERENCES, from + BATCH);
    for (let i = from; i < to; i++) {
      const at = (i - from) * ENTRY;
      bytes.writeUInt32LE(Math.floor(i / 1000), at);
      bytes.writeUInt32LE((pages[i] & 0x3fff_ffff) + 1, at + 4);
      bytes.writeUInt32LE(0, at + 8);
      bytes.writeUInt32LE(1, at + 12);
      bytes.writeInt32LE(next[i], at + 16);
      bytes.writeInt32LE(next[i] < 0 ? -1 : 0, at + 20);
    }
    writeSync(file, bytes, 0, (to - from) * ENTRY);
  }
  closeSync(file);
}

function cpuSeconds(command, args) {
  const { status, stderr } = spawnSync(
    '/usr/bin/env',
    ['bash', '-c', 'TIMEFORMAT="%U %S"; time "$@"', 'time', command, ...args],
    {
      encoding: 'utf8',
      // libCacheSim leaves its results where it is started.
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  const [, user, system] = /([\d.]+) ([\d.]+)\s*$/.exec(stderr).map(Number);
  return user + system;
}

function compare(policy, trace) {
  const own = cpuSeconds(process.execPath, [
    pagewalk,
    'replay',
    '--no-cache',
    '--policy',
    policy,
    '--frames',
    String(FRAMES),
    trace,
  ]);
  const peer = process.env.LIBCACHESIM;
  const other =
    peer &&
    cpuSeconds(peer, [
      trace,
      'oracleGeneral',
      theirs[policy],
      String(FRAMES),
      '--ignore-obj-size',
      '1',
      '--num-thread',
      '1',
    ]);
  const ratio = other
    ? `, libCacheSim ${other.toFixed(2)} CPU-s: ${(other / own).toFixed(2)} times as fast`
    : '';
  console.log(`${policy.padEnd(8)} ${own.toFixed(2)} CPU-s${ratio}`);
}

async function apart(path) {
  const options = { format: undefined, pageSize: 4096, kinds: ['fetch', 'load', 'store'], columns: {} };
  const started = performance.now();
  const read = await library.denseTrace(
    { name: path, chunks: createReadStream(path, { highWaterMark: 1 << 18 }) },
    options,
  );
  console.log(
    `reading     ${(((performance.now() - started) * 1e6) / REFERENCES).toFixed(1)} ns a reference`,
  );
  for (const text of policies) {
    const plan = {
      policies: [{ text, module: undefined }],
      frames: [FRAMES],
      seed: 1,
      costs: library.DEFAULT_ACCESS_COSTS,
    };
    const from = performance.now();
    await library.replayTrace(read, plan, library.inProcess);
    console.log(
      `${text.padEnd(8)}    ${(((performance.now() - from) * 1e6) / REFERENCES).toFixed(1)} ns a reference`,
    );
  }
}
