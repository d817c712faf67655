/**
 * What is checked alike of every policy that users bring in a module of their own, whatever it decides: the texts of its
 * definition, its functions, and that its state is plain data.
 */
import { UserError } from '../base/errors.ts';

/** @throws UserError when the default export of the module that the user named `place` is no object */
export function objectOf(value: unknown, place: string): Record<string, unknown> {
  if (isObject(value)) return value;
  const found = value === undefined ? 'there is none' : `it is ${shown(value)}`;
  throw new UserError(place, `the default export has to be a policy definition; ${found}`);
}

/** What a policy threw, on one line. */
export function thrown(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** A value as a message shows it, on one line and not too long. */
export function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (isObject(value)) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value);
}

export function* wrongTexts(value: Record<string, unknown>): Iterable<string> {
  const { name } = value;
  if (typeof name !== 'string' || !/^[a-z0-9][a-z0-9:.,-]*$/.test(name))
    yield `name has to be a lower-case word such as 'my-policy', not ${shown(name)}`;
  for (const property of ['summary', 'source', 'ties']) {
    const text = value[property];
    if (typeof text !== 'string' || text === '') yield `${property} has to be a text, not ${shown(text)}`;
  }
}

export function* wrongParameter({ parameter }: Record<string, unknown>): Iterable<string> {
  if (parameter === undefined) return;
  if (!isObject(parameter)) {
    yield `parameter has to be an object with syntax, summary and parse, or left out, not ${shown(parameter)}`;
    return;
  }
  for (const property of ['syntax', 'summary']) {
    if (typeof parameter[property] !== 'string')
      yield `parameter.${property} has to be a text, not ${shown(parameter[property])}`;
  }
  if (typeof parameter.parse !== 'function')
    yield `parameter.parse has to be a function, not ${shown(parameter.parse)}`;
}

export function* wrongFunctions(value: Record<string, unknown>): Iterable<string> {
  for (const property of ['initial', 'attach']) {
    if (typeof value[property] !== 'function')
      yield `${property} has to be a function, not ${shown(value[property])}`;
  }
}

/** What in `value` `structuredClone` would refuse or turn into something else, in words; nothing when it is plain. */
export function alienPart(value: unknown, path: string, seen: Set<unknown>): string | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return `${path} is a ${typeof value}`;
  if (!isObject(value) || seen.has(value)) return undefined;
  seen.add(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return undefined;
  if (value instanceof Map || value instanceof Set) return alienPart([...value], path, seen);
  const kind = Object.getPrototypeOf(value) as object | null;
  if (kind !== null && kind !== Object.prototype && kind !== Array.prototype)
    return `${path} is an object of class ${kind.constructor?.name ?? 'unknown'}`;
  for (const [property, part] of Object.entries(value)) {
    const alien = alienPart(part, `${path}.${property}`, seen);
    if (alien !== undefined) return alien;
  }
  return undefined;
}
