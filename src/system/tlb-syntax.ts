/**
 * The TLB as it is written on the command line:
 *
 *   none                                              every access walks the table
 *   64x4:lru                                          one for data and one for instructions, 64 entries in 4 ways
 *   unified:64x4:lru                                  one for both
 *   data=64x4:lru;instructions=32x2:fifo              two that differ
 *   64x4:lru+super=32:lru                             each with another beside it, for superpages
 *
 * The replacement may be left out and is then lru; `64` alone is fully associative.
 */
import { UserError } from '../base/errors.ts';
import type { TlbConfig, TlbShape } from '../machine/contract.ts';
import { refillObstacle } from '../machine/refill.ts';

export const TLB_SYNTAX =
  '64x4:lru, unified:64x4:lru, data=64x4:lru;instructions=32x2:fifo, each with +super=32:lru for superpages, or none';
const SUPERPAGES = 'super=';
const MOST_ENTRIES = 65_536;
const MOST_WAYS = 1_024;
const replacements = ['lru', 'fifo', 'random'] as const;

const isReplacement = (text: string): text is TlbShape['replacement'] =>
  replacements.some((known) => known === text);

const isPowerOfTwo = (n: number): boolean => n > 0 && Number.isInteger(Math.log2(n));

/**
 * @param place where it was given, e.g. `--tlb`
 * @throws UserError when it is none of the forms above
 */
export function parseTlb(text: string, place: string): TlbConfig {
  const [pages = '', larger, ...more] = text.split('+');
  const tlb = parsePages(pages, place);
  if (larger === undefined) return tlb;
  if (!larger.startsWith(SUPERPAGES) || more.length > 0)
    throw new UserError(
      place,
      `'${text.slice(pages.length)}' is not +super=SHAPE; e.g. 64x4:lru+super=32:lru`,
    );
  if (tlb.kind === 'none') throw new UserError(place, 'without a TLB there is none for superpages');
  return { ...tlb, superpages: parseShape(larger.slice(SUPERPAGES.length), place) };
}

function parsePages(text: string, place: string): TlbConfig {
  if (text === 'none') return { kind: 'none' };
  if (text.startsWith('unified:')) return { kind: 'unified', shape: parseShape(text.slice(8), place) };
  if (!text.includes('=')) {
    const shape = parseShape(text, place);
    return { kind: 'split', data: shape, instructions: shape };
  }
  const parts = new Map<string, TlbShape>();
  for (const part of text.split(';')) {
    const [name = '', shape = ''] = part.split('=', 2);
    if ((name !== 'data' && name !== 'instructions') || parts.has(name)) {
      throw new UserError(place, `'${part}' is not data=SHAPE or instructions=SHAPE; e.g. ${TLB_SYNTAX}`);
    }
    parts.set(name, parseShape(shape, place));
  }
  const data = parts.get('data');
  const instructions = parts.get('instructions');
  if (data === undefined || instructions === undefined) {
    throw new UserError(place, `'${text}' has to give both data=SHAPE and instructions=SHAPE`);
  }
  return { kind: 'split', data, instructions };
}

/**
 * @throws UserError when software could not refill such a TLB, which would leave an instruction without an end
 */
export function checkRefillable(tlb: TlbConfig, place: string): void {
  const obstacle = refillObstacle(tlb);
  if (obstacle !== undefined)
    throw new UserError(place, `${formatTlb(tlb)} can't be refilled by software: ${obstacle}`);
}

function parseShape(text: string, place: string): TlbShape {
  const [, entriesText, waysText, replacement = 'lru'] = /^(\d+)(?:x(\d+))?(?::([a-z]+))?$/.exec(text) ?? [];
  if (entriesText === undefined) throw new UserError(place, `'${text}' is not a TLB; give ${TLB_SYNTAX}`);
  const entries = Number(entriesText);
  const ways = waysText === undefined ? entries : Number(waysText);
  if (!isReplacement(replacement)) {
    throw new UserError(place, `unknown TLB replacement '${replacement}'; known: ${replacements.join(', ')}`);
  }
  if (entries < 1 || entries > MOST_ENTRIES)
    throw new UserError(place, `${entries} entries; give 1 to ${MOST_ENTRIES}`);
  if (ways < 1 || ways > MOST_WAYS)
    throw new UserError(place, `${ways} ways; give 1 to ${MOST_WAYS}, e.g. 64x4`);
  if (entries % ways !== 0 || !isPowerOfTwo(entries / ways)) {
    throw new UserError(
      place,
      `${entries} entries in ${ways} ways make ${entries / ways} sets; that has to be a power of two`,
    );
  }
  return { entries, ways, replacement };
}

/** The shortest text that `parseTlb` reads back as the same. */
export function formatTlb(config: TlbConfig): string {
  switch (config.kind) {
    case 'none':
      return 'none';
    case 'unified':
      return `unified:${formatShape(config.shape, config.superpages)}`;
    case 'split': {
      const data = formatShape(config.data);
      const instructions = formatShape(config.instructions);
      const shape = data === instructions ? data : `data=${data};instructions=${instructions}`;
      return `${shape}${superpagesText(config.superpages)}`;
    }
  }
}

const shapeText = ({ entries, ways, replacement }: TlbShape): string => `${entries}x${ways}:${replacement}`;
const superpagesText = (shape: TlbShape | undefined): string =>
  shape === undefined ? '' : `+${SUPERPAGES}${shapeText(shape)}`;

/** One side's TLB, as on the command line. */
export const formatShape = (shape: TlbShape, superpages?: TlbShape): string =>
  `${shapeText(shape)}${superpagesText(superpages)}`;
