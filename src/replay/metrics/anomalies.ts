/** Belady's anomaly: more frames, and more faults all the same. */

export interface Anomaly {
  readonly frames: number;
  readonly moreFrames: number;
  readonly faults: number;
  /** With `moreFrames`; more than `faults`. */
  readonly moreFaults: number;
}

/**
 * Places where a curve rises, from each measured size to the next one: Belady, Nelson and Shedler, "An anomaly in
 * space-time characteristics of certain programs running in a paging machine", CACM 12(6), 1969. A curve that rises
 * anywhere rises between neighbours. Stack algorithms have none (Mattson et al., 1970).
 * @param points by ascending number of frames
 */
export function anomalies(
  points: readonly { readonly frames: number; readonly faults: number }[],
): Anomaly[] {
  const found: Anomaly[] = [];
  for (let i = 1; i < points.length; i++) {
    const { frames, faults } = points[i - 1]!;
    const more = points[i]!;
    if (more.faults > faults)
      found.push({ frames, moreFrames: more.frames, faults, moreFaults: more.faults });
  }
  return found;
}
