/**
 * A pass over the entries of a trace in WebAssembly, in a memory of its own: what one reference does is put together
 * once for the trace and the sizes at hand, so that all addresses are constants. Entries come in windows.
 *
 *   memory: touched · kept variables │ entries of a window │ regions, each from a cache line on
 */
import { type I32, i32, type Local, nothing, type Statement, select, sequence } from '../wasm/expressions.ts';
import { type Frame as Body, call, type FunctionReference, ModuleBuilder } from '../wasm/module.ts';
import { increase, item, localsOf, repeatWhile } from '../wasm/patterns.ts';
import { PAGE_MASK } from './dense.ts';

/** Entries that are replayed at a time: so many that a call costs nothing, and that they stay in the cache. */
export const WINDOW_ENTRIES = 1 << 16;
/** Entries whose words are touched at a time: so few that the words are still in the nearest cache. */
const BATCH_ENTRIES = 256;
const TOUCHED_AT = 0;
const KEPT_AT = 64;
const WINDOW_AT = 1 << 10;
const LINE = 64;
const WASM_PAGE = 1 << 16;
const MOST_BYTES = 2 ** 32 - WASM_PAGE;

/** What the statements for one reference are made of. */
export interface Step<R extends string, K extends string, H extends string> {
  readonly body: Body;
  /** Where each region begins, for the offsets of loads and stores. */
  readonly at: Readonly<Record<R, number>>;
  /** Variables that go on from window to window; 0 at first. */
  readonly kept: Readonly<Record<K, Local<'i32'>>>;
  readonly entry: Local<'i32'>;
  readonly page: Local<'i32'>;
  /** Address of the page's word in a region of words. */
  readonly word: I32;
  /** Address of the entry, from that of the window's first one. */
  readonly offset: Local<'i32'>;
  /** Asks the host. */
  ask(question: H, operand: I32): I32;
  /** Puts a result where the entry was, for `collect`. */
  leave(result: I32): Statement;
}

export interface PassPlan<R extends string, K extends string, H extends string> {
  /** Bytes of each region; they are 0 at first. */
  readonly regions: Readonly<Record<R, number>>;
  readonly kept: readonly K[];
  /** What the host answers while a window is replayed. */
  readonly host: Readonly<Record<H, (operand: number) => number>>;
  step(on: Step<R, K, H>): Statement;
  /**
   * A word that the step needs from a region larger than the processor's caches; `word` as in `Step`. It is read for many
   * entries at once beforehand: nothing depends on what comes back, so that the processor waits for many words together.
   */
  touch?(word: I32, at: Layout<R>['at']): I32;
  /** What becomes of a result that was left; it too is done for many at once. */
  collect?(result: Local<'i32'>, at: Layout<R>['at'], body: Body): Statement;
}

interface Layout<R extends string> {
  readonly at: Readonly<Record<R, number>>;
  readonly bytes: number;
}

function layOut<R extends string>(regions: Readonly<Record<R, number>>): Layout<R> {
  let next = WINDOW_AT + WINDOW_ENTRIES * 4;
  const at: Record<string, number> = {};
  for (const [name, bytes] of Object.entries<number>(regions)) {
    at[name] = next;
    next += Math.ceil(bytes / LINE) * LINE;
  }
  return { at: at as Record<R, number>, bytes: next };
}

/** The module: `feed(count)` replays the entries of the window. */
function moduleOf<R extends string, K extends string, H extends string>(
  plan: PassPlan<R, K, H>,
  { at }: Layout<R>,
  pages: number,
): WebAssembly.Module {
  const builder = new ModuleBuilder({ minimum: pages, maximum: pages });
  const questions = new Map<H, FunctionReference<'i32'>>();
  for (const name of Object.keys(plan.host) as H[]) questions.set(name, builder.import(name, ['i32'], 'i32'));
  const feed = builder.add(['i32'], undefined, (body) => {
    const { entry, page, offset } = localsOf(body, 'i32', 'entry', 'page', 'offset');
    const kept = localsOf(body, 'i32', ...plan.kept);
    const addressOf = (index: number) => i32.const(KEPT_AT + index * 4);
    const ask = (question: H, operand: I32) => call(questions.get(question)!, operand);
    const leave = (result: I32) => i32.store(offset, result, WINDOW_AT);
    const word = wordOf(entry);
    const replay = (end: I32) =>
      repeatWhile(
        i32.ltU(offset, end),
        sequence(
          entry.set(i32.load(offset, WINDOW_AT)),
          page.set(pageOf(entry)),
          plan.step({ body, at, kept, entry, page, word, offset, ask, leave }),
          increase(offset, i32.const(4)),
        ),
      );
    return sequence(
      ...plan.kept.map((name, i) => kept[name].set(i32.load(addressOf(i)))),
      inBatches(plan, at, body, offset, replay),
      ...plan.kept.map((name, i) => i32.store(addressOf(i), kept[name])),
    );
  });
  builder.export('feed', feed);
  return new WebAssembly.Module(builder.bytes());
}

const pageOf = (entry: I32): I32 => i32.and(entry, i32.const(PAGE_MASK));
/** The kind is shifted out. */
const wordOf = (entry: I32): I32 => item(entry, 2);

/** Replays the window: at once, or a batch of entries after the other where something is done for many. */
function inBatches<R extends string, K extends string, H extends string>(
  { touch, collect }: PassPlan<R, K, H>,
  at: Layout<R>['at'],
  body: Body,
  offset: Local<'i32'>,
  replay: (end: I32) => Statement,
): Statement {
  const { end, batch, batchEnd } = localsOf(body, 'i32', 'end', 'batch', 'batchEnd');
  const { other, sum, result } = localsOf(body, 'i32', 'other', 'sum', 'result');
  const setEnd = end.set(item(body.parameter('i32', 0), 2));
  if (touch === undefined && collect === undefined) return sequence(setEnd, replay(end));
  const inBatch = (each: Statement): Statement =>
    sequence(
      other.set(batch),
      repeatWhile(i32.ltU(other, batchEnd), sequence(each, increase(other, i32.const(4)))),
    );
  const entry = i32.load(other, WINDOW_AT);
  const replayBatch = sequence(
    batch.set(offset),
    batchEnd.set(i32.add(offset, i32.const(BATCH_ENTRIES * 4))),
    batchEnd.set(select(i32.ltU(batchEnd, end), batchEnd, end)),
    touch === undefined ? nothing : inBatch(increase(sum, touch(wordOf(entry), at))),
    replay(batchEnd),
    collect === undefined ? nothing : inBatch(sequence(result.set(entry), collect(result, at, body))),
  );
  return sequence(
    setEnd,
    repeatWhile(i32.ltU(offset, end), replayBatch),
    // Or else nobody would read the words.
    i32.store(i32.const(TOUCHED_AT), sum),
  );
}

export class CompiledPass<R extends string, K extends string> {
  readonly #memory: WebAssembly.Memory;
  readonly #layout: Layout<R>;
  readonly #regions: Readonly<Record<R, number>>;
  readonly #kept: readonly K[];
  readonly #window: Uint32Array;
  readonly #feed: (count: number) => void;

  private constructor(plan: PassPlan<R, K, string>, layout: Layout<R>) {
    const pages = Math.ceil(layout.bytes / WASM_PAGE);
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    this.#layout = layout;
    this.#regions = plan.regions;
    this.#kept = plan.kept;
    this.#window = new Uint32Array(this.#memory.buffer, WINDOW_AT, WINDOW_ENTRIES);
    const env = { memory: this.#memory, ...plan.host };
    const { exports } = new WebAssembly.Instance(moduleOf(plan, layout, pages), { env });
    this.#feed = exports.feed as (count: number) => void;
  }

  /** `undefined` when the regions are more than WebAssembly can address, or than there is room for. */
  static of<R extends string, K extends string, H extends string>(
    plan: PassPlan<R, K, H>,
  ): CompiledPass<R, K> | undefined {
    const layout = layOut(plan.regions);
    if (layout.bytes > MOST_BYTES) return undefined;
    try {
      return new CompiledPass<R, K>(plan, layout);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  /** The words of a region. */
  view(region: R): Uint32Array {
    return new Uint32Array(
      this.#memory.buffer,
      this.#layout.at[region],
      Math.ceil(this.#regions[region] / 4),
    );
  }

  /** What a variable is after the last window, as an unsigned number. */
  kept(name: K): number {
    return new Uint32Array(this.#memory.buffer, KEPT_AT)[this.#kept.indexOf(name)]!;
  }

  /** Sets a variable before the next window. */
  keep(name: K, value: number): void {
    new Uint32Array(this.#memory.buffer, KEPT_AT)[this.#kept.indexOf(name)] = value;
  }

  /**
   * Replays entries `from` to `to` - 1.
   * @param before is told of each window, as a part of the entries, before it is replayed
   */
  feed(entries: Uint32Array, from: number, to: number, before?: (from: number, to: number) => void): void {
    for (let at = from; at < to; ) {
      const end = Math.min(to, at + WINDOW_ENTRIES);
      this.#window.set(entries.subarray(at, end));
      before?.(at, end);
      this.#feed(end - at);
      at = end;
    }
  }
}
