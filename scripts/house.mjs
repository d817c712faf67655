/**
 * House rules: `node scripts/house.mjs FOLDER…`. Fails on a file of more than 500 lines and on a name that
 * says nothing (Manager, Helper, Util, Data); warns of more than 400 lines, and of a function of more than 60.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const most = { fileLines: 500, wishedFileLines: 400, functionLines: 60 };
const emptyName = /(Manager|Helper|Helpers|Util|Utils|Data)$/;

/** What a file breaks: `{line, text, fatal}`. */
export function findings(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const found = [];
  const lines = text.split('\n').length - 1;
  if (lines > most.wishedFileLines) {
    found.push({ line: 1, text: `${lines} lines; split the file`, fatal: lines > most.fileLines });
  }
  const visit = (node) => {
    const name = node.name && ts.isIdentifier(node.name) ? node.name.text : undefined;
    const line = lineAt(node.getStart(source));
    const isType =
      ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node);
    if (isType && name !== undefined && emptyName.test(name)) {
      found.push({ line, text: `'${name}' says nothing; use the field's term`, fatal: true });
    }
    // A test suite's callback is a list of tests, not a function that one reads as a whole.
    const length = ts.isFunctionLike(node) && node.body ? lineAt(node.end) - line + 1 : 0;
    if (length > most.functionLines && !/(^|\/)test\//.test(file)) {
      found.push({ line, text: `${name ?? 'a function'} has ${length} lines`, fatal: false });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function filesOf(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

if (process.argv[1] !== undefined && basename(process.argv[1]) === basename(fileURLToPath(import.meta.url))) {
  for (const file of process.argv.slice(2).flatMap(filesOf)) {
    for (const { line, text, fatal } of findings(file, readFileSync(file, 'utf8'))) {
      process.stderr.write(`${file}:${line}: ${fatal ? '' : 'warning: '}${text}\n`);
      if (fatal) process.exitCode = 1;
    }
  }
}
