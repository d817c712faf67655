/** Numbers in ascending order, in plain arrays. */

/** Index of the first that is at least `number`. */
export function sortedIndex(numbers: readonly number[], number: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! >= number) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function insertSorted(numbers: number[], number: number): void {
  numbers.splice(sortedIndex(numbers, number), 0, number);
}

/** Whether it was there. */
export function removeSorted(numbers: number[], number: number): boolean {
  const at = sortedIndex(numbers, number);
  if (numbers[at] !== number) return false;
  numbers.splice(at, 1);
  return true;
}
