/**
 * What every command needs before it can run: a recent node, the packages of the lock file, a fresh build.
 * Plain JavaScript without packages, because none may be installed yet. Everything it prints goes to
 * standard error, so that standard output stays the program's own.
 */
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const leastNode = [20, 19];
const lockFile = join(root, 'package-lock.json');
const installedLock = join(root, 'node_modules', '.package-lock.json');
const buildStamp = join(root, 'dist', '.sources');

/** Ends the process with one line on standard error. */
export function fail(line, status = 1) {
  process.stderr.write(`pagewalk: ${line}\n`);
  process.exit(status);
}

/** Ends the process unless this node is recent enough. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return;
  fail(
    `needs node ${leastNode.join('.')} or newer; this is node ${process.versions.node} (https://nodejs.org)`,
  );
}

/** Installs the packages of the lock file if they are missing or older than it. */
export function installPackages() {
  if (existsSync(installedLock) && statSync(installedLock).mtimeMs >= statSync(lockFile).mtimeMs) return;
  process.stderr.write('pagewalk: installing the packages of package-lock.json\n');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  const { status, error } = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], options);
  if (error) fail(`cannot run npm: ${error.message}`);
  if (status !== 0) fail('npm ci failed; its message is above');
}

/** Files below `folder` whose names end in `ending`, relative to the root, sorted. */
export function filesBelow(folder, ending) {
  const found = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !entry.name.endsWith(ending)) continue;
    found.push(relative(root, join(entry.parentPath, entry.name)));
  }
  return found.sort();
}

function isBuilt(sources) {
  if (!existsSync(buildStamp) || readFileSync(buildStamp, 'utf8') !== sources.join('\n')) return false;
  const built = statSync(buildStamp).mtimeMs;
  const inputs = [...sources, 'package-lock.json', 'tsconfig.base.json', 'scripts/bundle.mjs'];
  return inputs.every((file) => statSync(join(root, file)).mtimeMs <= built);
}

/** Bundles `src` into `dist` if a source is newer than the last build, or one came or went. */
export function build() {
  const sources = filesBelow('src', '.ts');
  if (isBuilt(sources)) return;
  process.stderr.write('pagewalk: building\n');
  const startedAt = new Date();
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'bundle.mjs')], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (status !== 0) fail('the build failed; the bundler’s message is above');
  stampBuild(sources, startedAt);
}

function stampBuild(sources, startedAt) {
  mkdirSync(dirname(buildStamp), { recursive: true });
  writeFileSync(buildStamp, sources.join('\n'));
  // A source saved while the bundler ran counts as newer than the build.
  utimesSync(buildStamp, startedAt, startedAt);
}

/** Everything above, in order. */
export function setUp() {
  checkNode();
  installPackages();
  build();
}

/** Runs node with `args` on this terminal; resolves with the exit status, 128 + signal when it was killed. */
export function runNode(args, environment = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    });
    // The child has the terminal and decides what an interrupt means; this process only waits for it.
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    const forward = (signal) => {
      if (signal !== 'SIGINT') child.kill(signal);
    };
    for (const signal of signals) process.on(signal, forward);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
    child.on('error', (error) => fail(`cannot run node: ${error.message}`));
  });
}
