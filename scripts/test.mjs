/**
 * `npm test`: sets up, checks (types, lint, layers), then runs the tests; arguments go to vitest. Ends with
 * `N passed, N failed` alone on a line.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, runNode, setUp } from './setup.mjs';

// Whoever reads the last line gets one even when the set-up ends the process.
let counted = false;
process.on('exit', () => {
  if (!counted) process.stdout.write('\n0 passed, 1 failed\n');
});

setUp();
const checked = await runNode([join(root, 'scripts', 'check.mjs')]);
const tested = await runTests(process.argv.slice(2));
process.exitCode = checked || tested;

async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'pagewalk-test-'));
  const results = join(folder, 'results.json');
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const status = await runNode([vitest, 'run', '--root', root, ...reporters, ...args]);
  const { passed, failed } = count(results);
  rmSync(folder, { recursive: true });
  counted = true;
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return status || (failed > 0 ? 1 : 0);
}

/** A file that could not even be loaded has no tests to count, and is one failure. */
function count(results) {
  if (!existsSync(results)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(results, 'utf8'));
  const unloaded = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + unloaded.length };
}
