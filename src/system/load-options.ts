/** The options of load control as people write them. */
import { UserError } from '../base/errors.ts';
import { admissionPolicies } from '../policies/admission/registry.ts';
import { parseDuration } from './time-syntax.ts';

/** `policy` is `off`, or the name of an admission policy that looks every `interval` ns. */
export interface AdmissionChoice {
  readonly policy: string;
  readonly interval: number;
}

export const ADMISSION_SYNTAX = `off, ${admissionPolicies.map(({ name }) => name).join(', ')}; NAME:INTERVAL`;

/** So many transfers of a page go into an interval if nothing else is said. */
const TRANSFERS = 50;

/**
 * @param transfer what a transfer of a page takes, ns
 * @throws UserError when there is no such policy, or the interval is none
 */
export function parseAdmission(text: string, transfer: number, place: string): AdmissionChoice {
  const [name = '', ...rest] = text.split(':');
  const isKnown = name === 'off' || admissionPolicies.some((policy) => policy.name === name);
  if (!isKnown) throw new UserError(place, `unknown '${name}'; known: ${ADMISSION_SYNTAX}`);
  if (rest.length === 0) return { policy: name, interval: Math.max(1_000_000, TRANSFERS * transfer) };
  const interval = parseDuration(rest.join(':'), place);
  if (interval > 0) return { policy: name, interval };
  throw new UserError(place, `an interval of ${rest.join(':')} is none; expected more than 0`);
}
