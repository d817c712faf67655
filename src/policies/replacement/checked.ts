/**
 * Policies that users bring: whether what a module exports is a policy at all, and a wrapping that checks every
 * answer of one, so that a mistake in it is a message that names the rule and the reference, and not a wrong
 * number or a crash elsewhere.
 */
import { UserError } from '../../base/errors.ts';
import type { Frame } from '../../base/numbers.ts';
import type { RandomState } from '../../base/random.ts';
import {
  alienPart,
  isObject,
  objectOf,
  shown,
  thrown,
  wrongFunctions,
  wrongParameter,
  wrongTexts,
} from '../own-definition.ts';
import type {
  FrameBits,
  Needs,
  PageKey,
  PolicyDefinition,
  PolicyEnvironment,
  ReplacementPolicy,
  Why,
} from './contract.ts';

const needsKnown: readonly Needs[] = [
  'nothing',
  'bits',
  'last-use order',
  'rescues',
  'every reference',
  'the future',
];
/** What is not told by telling every reference. */
const special: readonly Needs[] = ['rescues', 'the future'];
const methods = ['admitted', 'referenced', 'evicted', 'released', 'victim'] as const;

/**
 * What a module exports by default, as a policy definition. Its functions are not called.
 * @param place the module as the user named it, for the message
 * @throws UserError naming everything that is missing or wrong, each with what was expected
 */
export function validateDefinition(value: unknown, place: string): PolicyDefinition {
  const found = objectOf(value, place);
  const wrong = [
    ...wrongTexts(found),
    ...wrongNeeds(found),
    ...wrongInterval(found),
    ...wrongParameter(found),
    ...wrongFunctions(found),
  ];
  if (wrong.length > 0) throw new UserError(place, wrong.join('; '));
  return found as unknown as PolicyDefinition;
}

function* wrongNeeds({ needs }: Record<string, unknown>): Iterable<string> {
  if (needsKnown.some((known) => known === needs)) return;
  yield `needs has to be one of ${needsKnown.map((known) => `'${known}'`).join(', ')}, not ${shown(needs)}`;
}

function* wrongInterval({ interval }: Record<string, unknown>): Iterable<string> {
  if (interval === undefined || (Number.isFinite(interval) && (interval as number) > 0)) return;
  yield `interval has to be a number of nanoseconds above 0, or left out, not ${shown(interval)}`;
}

/** The state of a wrapped policy, and what the wrapping has to know to check it. */
export interface CheckedState {
  readonly own: unknown;
  /** References so far; during a call about one, its number, from 1. */
  references: number;
  /** By frame: 1 when it is resident. */
  readonly resident: Uint8Array;
  /** By frame: 1 when it was used since the policy last cleared its referenced bit. */
  readonly used: Uint8Array;
}

/** Who is told of every reference need not be given referenced bits too: here they are kept for the policy. */
class KeptBits implements FrameBits {
  readonly #bits: FrameBits;
  readonly #used: Uint8Array;

  constructor(bits: FrameBits, used: Uint8Array) {
    this.#bits = bits;
    this.#used = used;
  }

  testAndClearReferenced(frame: Frame): boolean {
    const used = this.#used[frame] === 1;
    this.#used[frame] = 0;
    return this.#bits.testAndClearReferenced(frame) || used;
  }

  isReferenced(frame: Frame): boolean {
    return this.#used[frame] === 1 || this.#bits.isReferenced(frame);
  }

  isDirty(frame: Frame): boolean {
    return this.#bits.isDirty(frame);
  }

  isPinned(frame: Frame): boolean {
    return this.#bits.isPinned(frame);
  }
}

/**
 * `definition` with every answer checked: a victim is a resident frame that is not pinned, -1 comes only when all
 * are pinned, nothing throws, and the state is plain data; the policy is given a copy of what `initial` made, so
 * that it shows at once when its state is not all there is. For replay: it asks for every reference, whatever the
 * policy itself needs, so as to say at which one a rule was broken.
 * @param file the module as the user named it
 */
export function checkedPolicy(definition: PolicyDefinition, file: string): PolicyDefinition<CheckedState> {
  const { parameter } = definition;
  return {
    name: definition.name,
    summary: definition.summary,
    source: definition.source,
    ties: definition.ties,
    needs: special.includes(definition.needs) ? definition.needs : 'every reference',
    interval: definition.interval,
    parameter: parameter && {
      ...parameter,
      parse: (text) => {
        const parsed = parameter.parse(text);
        return parsed && checkedPolicy(validateDefinition(parsed, file), file);
      },
    },
    initial: (frameLimit, random) => initialState(definition, file, frameLimit, random),
    attach: (state, environment) => new CheckedPolicy(state, environment, definition, file),
  };
}

function initialState(
  definition: PolicyDefinition,
  file: string,
  frameLimit: number,
  random: RandomState,
): CheckedState {
  const made = guarded(definition, file, 0, 'initial', () => definition.initial(frameLimit, random));
  const alien = alienPart(made, 'state', new Set());
  if (alien !== undefined) throw breach(definition, file, 0, `state has to be plain data, but ${alien}`);
  const byFrame = (): Uint8Array => new Uint8Array(frameLimit);
  return { own: structuredClone(made), references: 0, resident: byFrame(), used: byFrame() };
}

const breach = ({ name }: PolicyDefinition, file: string, reference: number, rule: string): UserError =>
  new UserError(file, `policy '${name}' broke the contract at reference ${reference}: ${rule}`);

/** Calls the policy; what it throws is a breach. */
function guarded<T>(
  definition: PolicyDefinition,
  file: string,
  reference: number,
  method: string,
  call: () => T,
): T {
  try {
    return call();
  } catch (error) {
    throw breach(definition, file, reference, `${method} must not throw, it threw: ${thrown(error)}`);
  }
}

class CheckedPolicy implements ReplacementPolicy {
  readonly #state: CheckedState;
  readonly #environment: PolicyEnvironment;
  readonly #definition: PolicyDefinition;
  readonly #file: string;
  readonly #own: ReplacementPolicy;
  readonly #isTold: boolean;

  constructor(
    state: CheckedState,
    environment: PolicyEnvironment,
    definition: PolicyDefinition,
    file: string,
  ) {
    this.#state = state;
    this.#environment = environment;
    this.#definition = definition;
    this.#file = file;
    this.#isTold = !['nothing', 'bits', 'rescues'].includes(definition.needs);
    const own = { ...environment, bits: new KeptBits(environment.bits, state.used) };
    this.#own = this.#guarded('attach', () => definition.attach(state.own, own));
    this.#checkMethods();
  }

  admitted(frame: Frame, page: PageKey, owner: number): void {
    const state = this.#state;
    state.references++;
    state.resident[frame] = 1;
    this.#guarded('admitted', () => this.#own.admitted(frame, page, owner));
  }

  referenced(frame: Frame): void {
    this.#state.references++;
    this.#state.used[frame] = 1;
    // No closure here: this is called once for each reference.
    if (!this.#isTold) return;
    try {
      this.#own.referenced(frame);
    } catch (error) {
      this.#guarded('referenced', () => {
        throw error;
      });
    }
  }

  evicted(frame: Frame): void {
    this.#state.resident[frame] = 0;
    this.#state.used[frame] = 0;
    this.#guarded('evicted', () => this.#own.evicted(frame), this.#state.references + 1);
  }

  released(frame: Frame): void {
    this.#state.resident[frame] = 0;
    this.#state.used[frame] = 0;
    this.#guarded('released', () => this.#own.released(frame));
  }

  victim(incoming: PageKey, now: number, why?: Why, owner?: number): Frame | -1 {
    // The reference that the victim has to make room for is counted when its page is admitted.
    const reference = this.#state.references + 1;
    const answer: unknown = this.#guarded(
      'victim',
      () => this.#own.victim(incoming, now, why, owner),
      reference,
    );
    const rule = this.#broken(answer);
    if (rule !== undefined) throw breach(this.#definition, this.#file, reference, rule);
    return answer as Frame | -1;
  }

  interrupt(now: number): void {
    this.#guarded('interrupt', () => this.#own.interrupt?.(now));
  }

  rescued(frame: Frame, owner: number): void {
    this.#state.references++;
    this.#state.used[frame] = 1;
    this.#guarded('rescued', () => this.#own.rescued?.(frame, owner));
  }

  isFull(owner: number, more = 1): boolean {
    return this.#guarded('isFull', () => this.#own.isFull?.(owner, more) === true);
  }

  ended(owner: number, heir: (frame: Frame) => number): void {
    this.#guarded('ended', () => this.#own.ended?.(owner, heir));
  }

  #guarded<T>(method: string, call: () => T, reference = this.#state.references): T {
    return guarded(this.#definition, this.#file, reference, method, call);
  }

  #checkMethods(): void {
    const own: unknown = this.#own;
    const wanted = this.#definition.interval === undefined ? methods : [...methods, 'interrupt'];
    const missing = isObject(own) ? wanted.filter((method) => typeof own[method] !== 'function') : wanted;
    if (missing.length === 0) return;
    const rule = `attach has to give an object with the method${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`;
    throw breach(this.#definition, this.#file, this.#state.references, rule);
  }

  /** The rule that a victim breaks, if it breaks one. */
  #broken(answer: unknown): string | undefined {
    const { frameLimit, bits } = this.#environment;
    const { resident } = this.#state;
    if (answer === -1) {
      const free = resident.findIndex((is, frame) => is === 1 && !bits.isPinned(frame as Frame));
      return free < 0 ? undefined : `victim gave -1, but frame ${free} is resident and not pinned`;
    }
    if (!Number.isInteger(answer))
      return `victim has to give a frame number, an integer, and gave ${shown(answer)}`;
    const frame = answer as Frame;
    if (frame < 0 || frame >= frameLimit)
      return `victim gave frame ${frame}; frames are 0 to ${frameLimit - 1}`;
    if (resident[frame] !== 1) return `victim gave frame ${frame}, which is not resident`;
    return bits.isPinned(frame) ? `victim gave frame ${frame}, which is pinned` : undefined;
  }
}
