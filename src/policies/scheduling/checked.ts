/**
 * Scheduling policies that users bring: whether what a module exports is a policy at all, and a wrapping that checks
 * every answer of one, so that a mistake in it is a message that names the rule and the decision, and not a process
 * that never runs, a hang, or a crash elsewhere.
 */
import { UserError } from '../../base/errors.ts';
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
  Choice,
  Known,
  ReadyReason,
  Schedulable,
  SchedulingDefinition,
  SchedulingPolicy,
  StopReason,
  TicketOperations,
  Verdict,
} from './contract.ts';
import { append, drop, type ReadyList } from './ready-list.ts';

const methods = ['ready', 'next', 'ran', 'gone', 'changed', 'nextEvent', 'event', 'describe'] as const;
const ticketMethods = ['transfer', 'giveBack', 'inflate', 'issue'] as const;

/** Shorter turns than this end before an instruction does, ns. */
const LEAST_QUANTUM = 1;

/**
 * What a module exports by default, as a definition of a scheduling policy. Its functions are not called.
 * @param place the module as the user named it, for the message
 * @throws UserError naming everything that is missing or wrong, each with what was expected
 */
export function validateSchedulingDefinition(value: unknown, place: string): SchedulingDefinition {
  const found = objectOf(value, place);
  const wrong = [...wrongTexts(found), ...wrongParameter(found), ...wrongFunctions(found)];
  if (wrong.length > 0) throw new UserError(place, wrong.join('; '));
  return found as unknown as SchedulingDefinition;
}

/** The state of a wrapped policy, and what the wrapping has to know to check it. */
export interface CheckedState {
  readonly own: unknown;
  /** Times that the policy was asked who is next. */
  decisions: number;
  readonly ready: ReadyList;
}

/**
 * `definition` with every answer checked: `next` gives a ready process, if there is one, and a quantum; verdicts are
 * verdicts; an event is not due again at once; nothing throws, and the state is plain data. The policy is given a copy
 * of what `initial` made, so that it shows at once when its state is not all there is.
 * @param file the module as the user named it
 */
export function checkedSchedulingPolicy(
  definition: SchedulingDefinition,
  file: string,
): SchedulingDefinition<CheckedState> {
  const { name, summary, source, ties, parameter } = definition;
  return {
    name,
    summary,
    source,
    ties,
    parameter: parameter && {
      ...parameter,
      parse: (text, place) => {
        const parsed = parameter.parse(text, place);
        return parsed && checkedSchedulingPolicy(validateSchedulingDefinition(parsed, file), file);
      },
    },
    initial: (random) => initialState(definition, file, random),
    attach: (state) => new CheckedPolicy(state, definition, file),
  };
}

function initialState(definition: SchedulingDefinition, file: string, random: RandomState): CheckedState {
  const rules = new Rules(definition.name, file);
  const made = rules.guarded('initial', 0, () => definition.initial(random));
  const alien = alienPart(made, 'state', new Set());
  if (alien !== undefined) throw rules.breach(0, `state has to be plain data, but ${alien}`);
  return { own: structuredClone(made), decisions: 0, ready: [] };
}

/** Words for what is wrong. */
class Rules {
  readonly #name: string;
  readonly #file: string;

  constructor(name: string, file: string) {
    this.#name = name;
    this.#file = file;
  }

  breach(decision: number, rule: string): UserError {
    const when = decision === 0 ? 'before its first decision' : `at decision ${decision}`;
    return new UserError(this.#file, `policy '${this.#name}' broke the contract ${when}: ${rule}`);
  }

  /** Calls the policy; what it throws is a breach. */
  guarded<T>(method: string, decision: number, call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw this.breach(decision, `${method} must not throw, it threw: ${thrown(error)}`);
    }
  }
}

class CheckedPolicy implements SchedulingPolicy {
  readonly ticketOperations?: TicketOperations;
  readonly #state: CheckedState;
  readonly #rules: Rules;
  readonly #own: SchedulingPolicy;

  constructor(state: CheckedState, definition: SchedulingDefinition, file: string) {
    this.#state = state;
    this.#rules = new Rules(definition.name, file);
    this.#own = this.#guarded('attach', () => definition.attach(state.own));
    this.#checkMethods(this.#own, methods, 'attach has to give an object');
    const operations = this.#own.ticketOperations;
    if (operations === undefined) return;
    this.#checkMethods(operations, ticketMethods, 'ticketOperations has to be an object');
    this.ticketOperations = {
      transfer: (from, to) => this.#guarded('transfer', () => operations.transfer(from, to)),
      giveBack: (from) => this.#guarded('giveBack', () => operations.giveBack(from)),
      inflate: (pid, tickets) => this.#guarded('inflate', () => operations.inflate(pid, tickets)),
      issue: (currency, tickets) => this.#guarded('issue', () => operations.issue(currency, tickets)),
    };
  }

  ready(process: Schedulable, why: ReadyReason, now: number): Verdict {
    append(this.#state.ready, process.pid);
    return this.#verdict(
      'ready',
      this.#guarded('ready', () => this.#own.ready(process, why, now)),
    );
  }

  next(now: number): Choice | undefined {
    this.#state.decisions++;
    const choice: unknown = this.#guarded('next', () => this.#own.next(now));
    const rule = this.#brokenBy(choice);
    if (rule !== undefined) throw this.#breach(rule);
    if (choice !== undefined) drop(this.#state.ready, (choice as Choice).pid);
    return choice as Choice | undefined;
  }

  ran(pid: number, used: number, why: StopReason, now: number): void {
    if (why !== 'blocked') append(this.#state.ready, pid);
    this.#guarded('ran', () => this.#own.ran(pid, used, why, now));
  }

  gone(pid: number): void {
    drop(this.#state.ready, pid);
    this.#guarded('gone', () => this.#own.gone(pid));
  }

  changed(process: Schedulable): void {
    this.#guarded('changed', () => this.#own.changed(process));
  }

  nextEvent(): number | undefined {
    const time: unknown = this.#guarded('nextEvent', () => this.#own.nextEvent());
    if (time === undefined || (typeof time === 'number' && !Number.isNaN(time))) return time;
    throw this.#breach(`nextEvent has to give a time in ns, or undefined, and gave ${shown(time)}`);
  }

  event(now: number): Verdict {
    const verdict = this.#verdict(
      'event',
      this.#guarded('event', () => this.#own.event(now)),
    );
    const again = this.nextEvent();
    if (again === undefined || again > now) return verdict;
    throw this.#breach(
      `after event, nextEvent has to be later than the event's time, ${now}, and gave ${again}`,
    );
  }

  describe(pid: number): Known {
    const known: unknown = this.#guarded('describe', () => this.#own.describe(pid));
    const isKnown =
      isObject(known) &&
      Object.values(known).every((value) => typeof value === 'number' || typeof value === 'string');
    if (isKnown) return known as Known;
    throw this.#breach(
      `describe has to give an object of numbers and texts, {} when nothing is known, and gave ${shown(known)}`,
    );
  }

  #verdict(method: string, answer: unknown): Verdict {
    if (answer === 'preempt' || answer === 'wait') return answer;
    throw this.#breach(`${method} has to give 'preempt' or 'wait', and gave ${shown(answer)}`);
  }

  /** The rule that an answer of `next` breaks, if it breaks one. */
  #brokenBy(choice: unknown): string | undefined {
    const [waiting] = this.#state.ready;
    if (choice === undefined)
      return waiting === undefined ? undefined : `next gave undefined, but process ${waiting} is ready`;
    if (!isObject(choice)) return `next has to give {pid, quantum}, or undefined, and gave ${shown(choice)}`;
    const { pid, quantum } = choice;
    if (typeof pid !== 'number' || !this.#state.ready.includes(pid))
      return `next gave process ${shown(pid)}, which is not ready`;
    if (typeof quantum === 'number' && quantum >= LEAST_QUANTUM) return undefined;
    return `next has to give a quantum of ${LEAST_QUANTUM} ns or more, Infinity for none, and gave ${shown(quantum)}`;
  }

  #checkMethods(object: unknown, wanted: readonly string[], what: string): void {
    const missing = isObject(object) ? wanted.filter((one) => typeof object[one] !== 'function') : wanted;
    if (missing.length === 0) return;
    throw this.#breach(`${what} with the method${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`);
  }

  #guarded<T>(method: string, call: () => T): T {
    return this.#rules.guarded(method, this.#state.decisions, call);
  }

  #breach(rule: string): UserError {
    return this.#rules.breach(this.#state.decisions, rule);
  }
}
