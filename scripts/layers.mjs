/**
 * The layer check: `node scripts/layers.mjs src` prints one line a violation and exits 1 if there is one.
 *
 * A folder of `src` is a layer; the table below says what it may import. Only the named adapters may use
 * node, so that everything else runs unchanged in a browser worker. Files must not import each other in a
 * circle; imports of types alone are exempt, because nothing is left of them at run time.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importsOf, nodeGlobalsOf } from './imports.mjs';

const contracts = ['policies/*/contract.ts', 'stores/contract.ts'];

/**
 * What a layer may import: `imports` whole layers or single files, `types` the same for types only,
 * `packages` from the lock file. A pattern with a slash is a file, `*` standing for anything but a slash.
 */
export const layers = {
  base: {},
  wasm: { imports: ['base'] },
  isa: { imports: ['base', 'wasm'] },
  translation: { imports: ['base'] },
  machine: { imports: ['base', 'wasm', 'isa', 'translation'] },
  policies: { imports: ['base'] },
  stores: { imports: ['base'] },
  kernel: { imports: ['base', 'machine', 'translation'], types: contracts },
  adapters: {
    imports: ['base', 'kernel/errno.ts', 'kernel/files/*.ts', 'replay/dense.ts'],
    types: ['stores/contract.ts', 'kernel'],
  },
  replay: { imports: ['base', 'wasm', 'translation'], types: contracts },
  report: {
    imports: ['base'],
    types: ['kernel', 'replay'],
    packages: ['cli-table3', 'zod', '@observablehq/plot', 'linkedom', '@resvg/resvg-js', 'hyparquet-writer'],
  },
  system: {
    imports: [
      'base',
      'wasm',
      'isa',
      'translation',
      'machine',
      'policies',
      'stores/registry.ts',
      'stores/memory.ts',
      'kernel',
      'replay',
      'report',
    ],
    types: ['stores'],
    packages: ['zod'],
  },
  cli: {
    imports: ['base', 'system', 'report', 'adapters', 'stores/file.ts'],
    types: ['stores', 'policies', 'kernel'],
    packages: ['commander', 'cli-progress', 'cli-table3', 'piscina', 'zod'],
  },
  lab: { imports: ['base', 'system', 'report'], types: ['kernel', 'policies', 'stores'] },
};

/** The files that may import `node:*` and use its globals. */
const nodeFiles = ['cli/**', 'adapters/**', 'stores/file*.ts'];

function matches(pattern, file) {
  if (!pattern.includes('/')) return file.startsWith(`${pattern}/`);
  const expression = pattern
    .replaceAll('.', '\\.')
    .replaceAll('**', '§')
    .replaceAll('*', '[^/]*')
    .replaceAll('§', '.*');
  return new RegExp(`^${expression}$`).test(file);
}

/** Files of the tree, relative to it with forward slashes: `path → source text`. Declarations are left out. */
function readTree(folder) {
  const files = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.endsWith('.d.ts')) continue;
    files.set(relative(folder, path).replaceAll(sep, '/'), readFileSync(path, 'utf8'));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function relativeViolation(file, layer, found, target) {
  if (target.startsWith('../')) return `imports '${found.specifier}', which lies outside of the source tree`;
  if (!target.endsWith('.ts')) return `imports '${found.specifier}' without the extension .ts`;
  const own = file.slice(0, file.indexOf('/'));
  if (target.startsWith(`${own}/`)) return undefined;
  const allowed = [...(layer.imports ?? []), ...(found.typeOnly ? (layer.types ?? []) : [])];
  if (allowed.some((pattern) => matches(pattern, target))) return undefined;
  const asType = (layer.types ?? []).some((pattern) => matches(pattern, target));
  return `${own} may not import ${target}${asType ? ' except its types' : ''}`;
}

function importViolation(file, layer, found) {
  const { specifier } = found;
  if (specifier.startsWith('.')) {
    const target = relative('/', resolve('/', dirname(file), specifier)).replaceAll(sep, '/');
    const escapes = specifier.split('/').filter((part) => part === '..').length >= file.split('/').length;
    return relativeViolation(file, layer, found, escapes ? `../${target}` : target);
  }
  if (specifier.startsWith('node:')) {
    return nodeFiles.some((pattern) => matches(pattern, file))
      ? undefined
      : `only adapters may import ${specifier}`;
  }
  const name = packageOf(specifier);
  if ((layer.packages ?? []).includes(name)) return undefined;
  return `${file.slice(0, file.indexOf('/'))} may not import the package ${name}`;
}

/** Import circles, each as the list of its files, found once each by depth-first search. */
function circles(graph) {
  const found = [];
  const state = new Map();
  const path = [];
  const visit = (file) => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      found.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    state.set(file, 'done');
  };
  for (const file of graph.keys()) visit(file);
  return found;
}

/** One line for each violation in the source tree `folder`; none when all is well. */
export function violations(folder) {
  const lines = [];
  const graph = new Map();
  for (const [file, text] of readTree(folder)) {
    const layer = layers[file.split('/')[0]];
    if (!file.includes('/') || layer === undefined) {
      lines.push(`${file}:1: lies in no layer`);
      continue;
    }
    const targets = [];
    for (const found of importsOf(file, text)) {
      const violation = importViolation(file, layer, found);
      if (violation) lines.push(`${file}:${found.line}: ${violation}`);
      if (!found.typeOnly && found.specifier.startsWith('.'))
        targets.push(join(dirname(file), found.specifier));
    }
    graph.set(file, targets);
    if (nodeFiles.some((pattern) => matches(pattern, file))) continue;
    for (const { name, line } of nodeGlobalsOf(file, text))
      lines.push(`${file}:${line}: only adapters may use ${name}`);
  }
  for (const circle of circles(graph)) lines.push(`${circle[0]}:1: imports itself: ${circle.join(' → ')}`);
  return lines;
}

if (process.argv[1] !== undefined && basename(process.argv[1]) === basename(fileURLToPath(import.meta.url))) {
  const found = violations(process.argv[2] ?? 'src');
  for (const line of found) process.stderr.write(`src/${line}\n`);
  process.exitCode = found.length > 0 ? 1 : 0;
}
