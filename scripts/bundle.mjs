/**
 * Bundles `src` into `dist` (few files start faster than two hundred), and makes the interpreters of the usual
 * machines, which would otherwise be generated at every start.
 *
 *   dist/cli/main.js          the command
 *   dist/system/index.js      the library
 *   dist/system/replay-worker.js   what threads that replay load
 *   dist/chunks/              what they share; as deep as they are, for paths relative to a module
 *   dist/interpreters/        one WebAssembly module a machine shape
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { root } from './setup.mjs';

const dist = join(root, 'dist');
const source = (file) => join(root, 'src', file);

rmSync(dist, { recursive: true, force: true });
const bundle = await rolldown({
  input: {
    'cli/main': source('cli/main.ts'),
    'system/index': source('system/index.ts'),
    'system/replay-worker': source('system/replay-worker.ts'),
  },
  platform: 'node',
  // Packages that look for files of their own beside them, or are no JavaScript.
  external: ['piscina', '@resvg/resvg-js'],
});
await bundle.write({
  dir: dist,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name]-[hash].js',
  sourcemap: true,
  // White space and comments cost time to skip; names stay readable in a stack trace.
  comments: false,
});
await bundle.close();

const { usualInterpreters } = await import(pathToFileURL(join(dist, 'system', 'index.js')).href);
mkdirSync(join(dist, 'interpreters'));
for (const { shape, bytes } of usualInterpreters()) {
  writeFileSync(join(dist, 'interpreters', `${shape}.wasm`), bytes);
}
