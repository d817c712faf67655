/** What formats of text look at to recognize a trace by its beginning. */

/** Bytes of a trace that a format is recognized by. */
export const HEAD_BYTES = 1 << 16;

/** Lines of a head of text that say something: without blank lines and a last one that is cut. */
export function headLines(head: Uint8Array): string[] {
  if (head.includes(0)) return [];
  const lines = new TextDecoder().decode(head).split(/\r?\n/);
  // The head of a longer trace ends anywhere.
  if (head.length >= HEAD_BYTES && lines.length > 1) lines.pop();
  return lines.filter((line) => line.trim() !== '');
}

/** What part of the lines matches, 0 to 1; 0 of no lines. */
export function shareOf(lines: readonly string[], pattern: RegExp): number {
  return lines.length === 0 ? 0 : lines.filter((line) => pattern.test(line)).length / lines.length;
}
