/** What the layer check reads from one source file, with TypeScript's own parser. */
import ts from 'typescript';

const nodeGlobals = new Set(['process', 'Buffer', '__dirname', '__filename', 'require', 'setImmediate']);

const parse = (file, text) => ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true, ts.ScriptKind.TS);

function* nodesOf(node) {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

function childrenOf(node) {
  const children = [];
  ts.forEachChild(node, (child) => void children.push(child));
  return children;
}

/** The module that a node imports from, if it is any form of import, and whether only types are imported. */
function importOf(node) {
  if (ts.isImportDeclaration(node)) return [node.moduleSpecifier, node.importClause?.isTypeOnly ?? false];
  if (ts.isExportDeclaration(node) && node.moduleSpecifier) return [node.moduleSpecifier, node.isTypeOnly];
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return [node.argument.literal, true];
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return [node.arguments[0], false];
  }
  return undefined;
}

/** Every import, re-export, import type and dynamic import: `{specifier, typeOnly, line}`, in order. */
export function importsOf(file, text) {
  const source = parse(file, text);
  const found = [];
  for (const node of nodesOf(source)) {
    const [module, typeOnly] = importOf(node) ?? [];
    if (!module || !ts.isStringLiteralLike(module)) continue;
    found.push({ specifier: module.text, typeOnly, line: lineOf(source, node) });
  }
  return found;
}

const lineOf = (source, node) => source.getLineAndCharacterOfPosition(node.getStart()).line + 1;

/**
 * Uses of node's globals: `{name, line}`. A name that the file itself binds is not the global: in an operating
 * system `process` is mostly a process.
 */
export function nodeGlobalsOf(file, text) {
  const source = parse(file, text);
  const found = [];
  for (const node of nodesOf(source)) {
    if (!ts.isIdentifier(node) || !nodeGlobals.has(node.text) || !isUse(node) || isBound(node)) continue;
    found.push({ name: node.text, line: lineOf(source, node) });
  }
  return found;
}

/** Whether the identifier stands for a value, rather than naming a member, a declaration or a type's part. */
function isUse(node) {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent) || ts.isNamedTupleMember(parent))
    return false;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  return parent.name !== node;
}

function isBound(node) {
  for (let scope = node.parent; scope; scope = scope.parent) {
    if (bindingsOf(scope).some((name) => names(name).includes(node.text))) return true;
  }
  return false;
}

/** The binding names that a node brings into scope for what is inside of it. */
function bindingsOf(scope) {
  if (ts.isFunctionLike(scope))
    return [...scope.parameters.map((p) => p.name), ...(scope.name ? [scope.name] : [])];
  if (ts.isCatchClause(scope)) return scope.variableDeclaration ? [scope.variableDeclaration.name] : [];
  if (ts.isForStatement(scope) || ts.isForOfStatement(scope) || ts.isForInStatement(scope)) {
    const { initializer } = scope;
    return initializer && ts.isVariableDeclarationList(initializer)
      ? initializer.declarations.map((d) => d.name)
      : [];
  }
  if (
    ts.isSourceFile(scope) ||
    ts.isBlock(scope) ||
    ts.isModuleBlock(scope) ||
    ts.isCaseOrDefaultClause(scope)
  ) {
    return scope.statements.flatMap(declarationsOf);
  }
  return [];
}

function declarationsOf(statement) {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((d) => d.name);
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement)) {
    return statement.name ? [statement.name] : [];
  }
  if (!ts.isImportDeclaration(statement) || !statement.importClause) return [];
  const { name, namedBindings } = statement.importClause;
  const named = namedBindings
    ? ts.isNamespaceImport(namedBindings)
      ? [namedBindings]
      : namedBindings.elements
    : [];
  return [...(name ? [name] : []), ...named.map((element) => element.name)];
}

/** The plain names in a binding name, which may be a pattern. */
function names(name) {
  if (ts.isIdentifier(name)) return [name.text];
  if (!ts.isObjectBindingPattern(name) && !ts.isArrayBindingPattern(name)) return [];
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? names(element.name) : []));
}
