/** Makes a workload from its name and the choices of the user. */
import { UserError } from '../../base/errors.ts';
import { nextUint32, type RandomState, randomState } from '../../base/random.ts';
import { KIND, KIND_SHIFT, PAGE_MASK } from '../dense.ts';
import type { TraceSink } from '../formats/contract.ts';
import type { WorkloadDefinition, WorkloadOptions } from './contract.ts';
import { workloads } from './definitions.ts';

const DEFAULT_PAGES = 1000;
const DEFAULT_STORES = 0.3;
const BATCH = 4096;
const STORE = (KIND.store << KIND_SHIFT) >>> 0;
const LOAD = (KIND.load << KIND_SHIFT) >>> 0;

/** References one after the other: `kind << KIND_SHIFT | page`, pages from 0 to `pages` - 1 in any order. */
export class Workload implements Iterable<number> {
  /** With its parameter: `zipf:0.8`. */
  readonly name: string;
  /** What it is and from which seed, in a sentence. */
  readonly description: string;
  readonly pages: number;
  readonly references: number;
  readonly #draw: () => number;
  readonly #kinds: RandomState;
  /** Random numbers of 32 bits below it make stores. */
  readonly #storesBelow: number;
  #left: number;

  /** @param parameter what follows the name's colon; the definition's default when there is none */
  constructor(definition: WorkloadDefinition, parameter: number, options: Required<WorkloadOptions>) {
    const { stores = DEFAULT_STORES, seed = 1 } = options;
    const pages = definition.pages(options.pages ?? DEFAULT_PAGES, parameter);
    const references = options.references ?? definition.references;
    const own = definition.parameter;
    this.name =
      own === undefined || parameter === own.default ? definition.name : `${definition.name}:${parameter}`;
    this.pages = pages;
    this.references = references;
    this.#left = references;
    this.#draw = definition.draw({ pages, references, random: randomState(seed) }, parameter);
    // Kinds have random numbers of their own, so that the same pages come whatever the share of stores is.
    this.#kinds = randomState(~seed);
    this.#storesBelow = stores * 2 ** 32;
    const text = definition.describe({ pages, references }, parameter);
    this.description = `${references} references, ${stores * 100} % stores: ${text}; seed ${seed}`;
  }

  /** Writes the next references into `entries`; gives how many, fewer than there is room for only at the end. */
  fill(entries: Uint32Array): number {
    const count = Math.min(entries.length, this.#left);
    const draw = this.#draw;
    const kinds = this.#kinds;
    const storesBelow = this.#storesBelow;
    this.#left -= count;
    if (storesBelow === 0) for (let i = 0; i < count; i++) entries[i] = LOAD | draw();
    else
      for (let i = 0; i < count; i++) entries[i] = (nextUint32(kinds) < storesBelow ? STORE : LOAD) | draw();
    return count;
  }

  /** Feeds what is left to a trace under construction, as numbers of pages. */
  feed(sink: TraceSink): void {
    const entries = new Uint32Array(BATCH);
    sink.note(`${this.name}: ${this.description}`);
    for (let count = this.fill(entries); count > 0; count = this.fill(entries)) {
      for (let i = 0; i < count; i++) sink.page(entries[i]! >>> KIND_SHIFT, entries[i]! & PAGE_MASK, 0);
    }
  }

  /** What is left, one reference at a time. */
  *[Symbol.iterator](): Generator<number> {
    const entries = new Uint32Array(1);
    while (this.fill(entries) > 0) yield entries[0]!;
  }
}

/**
 * The workload called `text`: a name, and what its parameter is behind a colon.
 * @param place where the name was given, for messages
 * @throws UserError when there is none of that name, or a number lies outside of its range
 */
export function findWorkload(text: string, options: WorkloadOptions, place: string): Workload {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const definition = workloads.find((one) => one.name === name);
  if (definition === undefined) {
    const known = workloads.map(({ name, parameter }) => parameter?.syntax ?? name).join(', ');
    throw new UserError(place, `unknown workload '${text}'; known: ${known}`);
  }
  const { pages, references, stores, seed } = options;
  inRange(pages, 'pages', 1, PAGE_MASK, place);
  inRange(references, 'references', 1, Number.MAX_SAFE_INTEGER, place);
  if (stores !== undefined && !(stores >= 0 && stores <= 1))
    throw new UserError(place, `a share of ${stores} stores is not from 0 to 1`);
  const parameter =
    colon < 0 ? (definition.parameter?.default ?? 0) : parameterOf(definition, text.slice(colon + 1), place);
  return new Workload(definition, parameter, { pages, references, stores, seed });
}

function parameterOf({ name, parameter }: WorkloadDefinition, text: string, place: string): number {
  if (parameter === undefined) throw new UserError(place, `${name} takes no parameter, '${text}' given`);
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const isWhole = !parameter.isWhole || Number.isInteger(value);
  if (isWhole && value >= parameter.least && value <= parameter.most) return value;
  throw new UserError(
    place,
    `'${text}' is no parameter of ${name}: ${parameter.syntax}, ${parameter.summary}`,
  );
}

function inRange(value: number | undefined, what: string, least: number, most: number, place: string): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  throw new UserError(place, `${value} ${what} is not from ${least} to ${most}`);
}
