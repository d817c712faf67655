/**
 * `npm run guests`: brings the programs of others that the tests run, once.
 *
 * esbuild, a large Go program, comes as a package that npm fetches; its bytes are those that are named here, or it is
 * refused.
 *
 * BusyBox comes as the source package of the machine's own Debian or Ubuntu, whose signature apt checks. It is built
 * twice from one tree and one configuration, for the guest and for the host, so that what the two print is equal.
 * Results lie in `guestFolder`, outside of the repository, and stay until this file's recipes change.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
export const guestFolder = join(cache, 'pagewalk', 'guests');
/** The same program for the guest and for the host. */
export const busybox = {
  guest: join(guestFolder, 'busybox-riscv64'),
  host: join(guestFolder, 'busybox-host'),
};

/** A package with one program in it, and the digest of the package (`dist.integrity` of the registry's answer). */
const esbuildPackage = {
  name: '@esbuild/linux-riscv64',
  version: '0.28.2',
  program: 'bin/esbuild',
  integrity:
    'sha512-GeXCej4IQtU1B+QlDV8W/RRvbzI3O/Stss+/bCXv4lZls5WGRtu2a+3JkA3i4qIUlMXpcHebWpF8AkJhATowuA==',
};
/** A static program for the guest, compiled by Go. */
export const esbuild = {
  version: esbuildPackage.version,
  guest: join(guestFolder, `esbuild-${esbuildPackage.version}-riscv64`),
};

/** What differs from `make defconfig`. A change builds anew. */
const recipe = {
  package: 'busybox',
  configuration: {
    CONFIG_STATIC: 'y',
    // Needs a header that Linux no longer has.
    CONFIG_TC: 'n',
    // Programs in assembly of the host only, which would make the two differ.
    CONFIG_SHA1_HWACCEL: 'n',
    CONFIG_SHA256_HWACCEL: 'n',
    // A child of the shell runs the file in the guest's /bin, not a copy of the shell.
    CONFIG_FEATURE_PREFER_APPLETS: 'n',
    CONFIG_FEATURE_SH_STANDALONE: 'n',
  },
  builds: { host: '', guest: 'riscv64-linux-gnu-' },
};
/** What the sources of Debian and Ubuntu are signed with. */
const keyrings = ['debian', 'ubuntu'].map((name) => `/usr/share/keyrings/${name}-archive-keyring.gpg`);
const stamp = join(guestFolder, 'recipe.json');

/** Said already; what is under way is put away before the process ends. */
class Failed extends Error {}

function make() {
  inFolder(isEsbuildThere, bringEsbuild);
  inFolder(isMade, buildBusybox);
}

/** Unless the result is there, has it made in a folder that goes afterwards. */
function inFolder(isThere, action) {
  if (isThere()) return;
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-guests-'));
  try {
    action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bringEsbuild(folder) {
  for (const tool of ['npm', 'tar', 'gzip']) need(tool);
  const { name, version, program, integrity } = esbuildPackage;
  say(`fetching ${name} ${version}`);
  run('npm', ['pack', `${name}@${version}`, '--silent', '--pack-destination', folder], folder);
  const archive = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (archive === undefined) fail(`npm pack ${name}@${version} brought no package`);
  const digest = createHash('sha512')
    .update(readFileSync(join(folder, archive)))
    .digest('base64');
  if (`sha512-${digest}` !== integrity)
    fail(`${name} ${version}: the package's digest is sha512-${digest}, expected ${integrity}`);
  run('tar', ['-xzf', archive, `package/${program}`], folder);
  mkdirSync(guestFolder, { recursive: true });
  keep(join(folder, 'package', program), esbuild.guest);
  say(`made ${esbuild.guest}`);
}

const isEsbuildThere = () => existsSync(esbuild.guest);

function buildBusybox(folder) {
  for (const tool of ['apt-get', 'make', 'gcc', 'riscv64-linux-gnu-gcc', 'tar', 'bzip2']) need(tool);
  say('fetching the source of BusyBox');
  const tree = unpack(fetchSource(folder), folder);
  mkdirSync(guestFolder, { recursive: true });
  for (const [which, prefix] of Object.entries(recipe.builds)) {
    say(`building BusyBox for the ${which}`);
    keep(build(tree, join(folder, which), prefix), busybox[which]);
  }
  writeFileSync(stamp, JSON.stringify(recipe));
  say(`made ${busybox.guest} and ${busybox.host}`);
}

function isMade() {
  const files = [stamp, ...Object.values(busybox)];
  return files.every((file) => existsSync(file)) && readFileSync(stamp, 'utf8') === JSON.stringify(recipe);
}

/** Downloads the source package with lists and caches of its own: the machine's stay as they are. */
function fetchSource(folder) {
  const lists = join(folder, 'lists');
  const archives = join(folder, 'archives');
  mkdirSync(join(lists, 'partial'), { recursive: true });
  mkdirSync(archives);
  const own = [
    ...['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${archives}`],
    ...['-o', 'APT::Sandbox::User=', '-o', 'APT::Get::List-Cleanup=false'],
  ];
  run('apt-get', [...own, '--quiet=2', 'update'], folder);
  const sources = join(folder, 'sources.list');
  writeFileSync(sources, sourceLine(own, folder));
  const list = ['-o', `Dir::Etc::sourcelist=${sources}`, '-o', 'Dir::Etc::sourceparts=-'];
  run('apt-get', [...own, ...list, '--quiet=2', 'update'], folder);
  run('apt-get', [...own, ...list, '--quiet=2', 'source', '--download-only', recipe.package], folder);
  const archive = readdirSync(folder).find((name) => /\.orig\.tar\.\w+$/.test(name));
  if (archive === undefined) fail(`apt-get source ${recipe.package} brought no source archive`);
  return join(folder, archive);
}

/** The place that the machine would install the package from, as a place of sources. */
function sourceLine(own, folder) {
  // A line is: package | version | URI suite/component architecture Packages
  const offers = run('apt-cache', [...own, 'madison', recipe.package], folder);
  const [, , place = ''] = (offers.split('\n')[0] ?? '').split('|');
  const [uri, suiteAndComponent = ''] = place.trim().split(' ');
  const slash = suiteAndComponent.lastIndexOf('/');
  if (slash < 0) fail(`apt offers no package ${recipe.package}`);
  const [suite, component] = [suiteAndComponent.slice(0, slash), suiteAndComponent.slice(slash + 1)];
  const keys = keyrings.filter((file) => existsSync(file)).join(',');
  return `deb-src ${keys === '' ? '' : `[signed-by=${keys}] `}${uri} ${suite} ${component}\n`;
}

function unpack(archive, folder) {
  const tree = join(folder, 'tree');
  mkdirSync(tree);
  run('tar', ['-xf', archive, '-C', tree, '--strip-components=1'], folder);
  return tree;
}

/** Configures and builds outside of the tree; the program's path. */
function build(tree, folder, prefix) {
  mkdirSync(folder);
  const options = ['-C', tree, `O=${folder}`, `CROSS_COMPILE=${prefix}`, 'KCONFIG_NOTIMESTAMP=1'];
  run('make', [...options, 'defconfig'], folder);
  const file = join(folder, '.config');
  const given = readFileSync(file, 'utf8').split('\n');
  const others = given.filter(
    (line) => !Object.keys(recipe.configuration).some((key) => mentions(line, key)),
  );
  const own = Object.entries(recipe.configuration).map(([key, value]) => `${key}=${value}`);
  writeFileSync(file, [...others, ...own, ''].join('\n'));
  // What the changes bring up is answered with the defaults.
  run('make', [...options, 'oldconfig'], folder, '\n'.repeat(1000));
  run('make', [...options, `-j${availableParallelism()}`, 'busybox'], folder);
  return join(folder, 'busybox');
}

const mentions = (line, key) => line.startsWith(`${key}=`) || line === `# ${key} is not set`;

/** Puts a file where it stays, whole or not at all. */
function keep(from, to) {
  copyFileSync(from, `${to}.new`);
  chmodSync(`${to}.new`, 0o755);
  renameSync(`${to}.new`, to);
}

/** What the command printed; its own messages are shown when it fails. */
function run(command, args, cwd, input = '') {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: 'C' },
  });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  if (status === 0) return stdout;
  process.stderr.write(`${stdout.slice(-2000)}${stderr.slice(-4000)}`);
  fail(`${command} failed; its message is above`);
}

function need(tool) {
  if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error === undefined) return;
  const packages = 'make gcc libc6-dev bzip2 gcc-riscv64-linux-gnu libc6-dev-riscv64-cross';
  fail(`${tool} is missing; on Debian or Ubuntu: apt-get install ${packages}`);
}

function say(line) {
  process.stderr.write(`pagewalk: ${line}\n`);
}

function fail(line) {
  say(line);
  throw new Failed(line);
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    make();
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    process.exitCode = 1;
  }
}
