/** The disk as people write it: `flat`, `arm`, `arm:seek=1ms,track=10us,rotation=4167us,transfer=130us,pages=64,order=elevator`. */
import { UserError } from '../base/errors.ts';
import { type ArmModel, DEFAULT_ARM, type DiskModel } from '../kernel/disk.ts';
import { parseCount, parseDuration } from './time-syntax.ts';

export const DISK_SYNTAX =
  'flat, or arm[:seek=1ms,track=10us,rotation=4167us,transfer=130us,pages=64,order=fcfs|elevator]';

const settings: Readonly<Record<string, (text: string, place: string) => Partial<ArmModel>>> = {
  seek: (text, place) => ({ seek: parseDuration(text, place) }),
  track: (text, place) => ({ track: parseDuration(text, place) }),
  rotation: (text, place) => ({ rotation: parseDuration(text, place) }),
  transfer: (text, place) => ({ transfer: parseDuration(text, place) }),
  pages: (text, place) => ({ trackPages: parseCount(text, 1, place) }),
  order: (text, place) => ({ order: orderOf(text, place) }),
};

/**
 * @param place where it was given, e.g. `--disk`
 * @throws UserError naming what is wrong
 */
export function parseDisk(text: string, place: string): DiskModel {
  if (text === 'flat') return { kind: 'flat' };
  const [, given] = /^arm(?::(.+))?$/.exec(text) ?? [undefined, ''];
  if (given === '') throw new UserError(place, `unknown disk '${text}'; give ${DISK_SYNTAX}`);
  const chosen = (given?.split(',') ?? []).map((setting) => {
    const [name = '', value] = setting.split('=', 2);
    const parse = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (parse !== undefined && value !== undefined) return parse(value, place);
    const known = Object.keys(settings).join(', ');
    throw new UserError(place, `'${setting}' is no setting of the arm; known, each with =VALUE: ${known}`);
  });
  return Object.assign({ ...DEFAULT_ARM }, ...chosen);
}

/** As it would be written, in full. */
export function formatDisk(model: DiskModel): string {
  if (model.kind === 'flat') return 'flat';
  const { seek, track, rotation, transfer, trackPages, order } = model;
  return `arm:seek=${seek}ns,track=${track}ns,rotation=${rotation}ns,transfer=${transfer}ns,pages=${trackPages},order=${order}`;
}

function orderOf(text: string, place: string): ArmModel['order'] {
  if (text === 'fcfs' || text === 'elevator') return text;
  throw new UserError(place, `unknown order '${text}'; known: fcfs, elevator`);
}
