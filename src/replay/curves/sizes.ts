/** Which memory sizes to replay when there is no method for all of them at once. */

/**
 * Sizes from 1 to `pages` in equal ratios, ascending: every size where they lie that close.
 * @param pages different pages of the trace, from 1: more frames change nothing
 * @param count how many are wanted, from 2; fewer when there are not so many sizes
 * @param always frames that must be among them, whole and from 1, as the user asked
 */
export function sizesToReplay(pages: number, count: number, always: readonly number[] = []): number[] {
  const sizes = new Set(always);
  sizes.add(1);
  // Where the ratio makes steps of less than 1, each size is taken and the ratio starts anew from the next.
  let size = 1;
  for (let left = count - 1; left > 0 && size < pages; left--) {
    const ratio = (pages / size) ** (1 / left);
    size = Math.min(pages, Math.max(size + 1, Math.round(size * ratio)));
    sizes.add(size);
  }
  return [...sizes].sort((a, b) => a - b);
}
