/**
 * A mistake of the user: a bad flag, a malformed file, a missing tool. It is shown as one line and ends the
 * command with status 2 (125 from `run`). Anything else that is thrown is a bug of ours.
 */
export class UserError extends Error {
  /** Where the mistake is: a file, a flag, `file:line` or `file+offset`. */
  readonly place: string;

  /**
   * @param place what the message is about, shown first
   * @param message what is wrong and what was expected, one line, no full stop
   */
  constructor(place: string, message: string) {
    super(place === '' ? message : `${place}: ${message}`);
    this.name = 'UserError';
    this.place = place;
  }
}

/** Throws, naming the broken invariant, when `condition` is false: always a bug, never the user's mistake. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`);
}

/** For the end of an exhaustive switch: reaching it is a bug. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
