/** A row of a scenario with pages of other sizes than the machine's: its programs run once, and their references are replayed. */
import { UserError } from '../base/errors.ts';
import { parseSize } from '../base/sizes.ts';
import { recordProgram } from '../system/record-program.ts';
import {
  DEFAULT_ACCESS_COSTS,
  firstOutside,
  inProcess,
  outsideText,
  replayedScheme,
  replayTrace,
} from '../system/replaying.ts';
import type { SystemConfig, SystemPorts } from '../system/running.ts';
import { translated } from './replayed-translation.ts';

/** By which bytes are told that no reference touches. */
const GRANULE = 256;
const POLICY = { text: 'lru', module: undefined };

/**
 * @param translation name of the scheme to be replayed under
 * @param place of the row, for messages
 * @throws UserError when the page size is none, or the scheme has no room for it or for the program
 */
export async function replayedRow(
  config: SystemConfig,
  ports: SystemPorts,
  { pageSize, translation }: { readonly pageSize: string; readonly translation: string },
  place: string,
) {
  const size = parseSize(pageSize, `${place}: pageSize`);
  const scheme = replayedScheme(translation, size, `${place}: translation`);
  const [read, small] = await recordProgram(config, ports, { kinds: ['fetch', 'load', 'store'] }, [
    size,
    GRANULE,
  ]);
  const { trace } = read!;
  const page = firstOutside(scheme, trace);
  if (page >= 0) throw new UserError(place, outsideText(scheme, trace, page));
  const plan = { costs: DEFAULT_ACCESS_COSTS, seed: config.seed };
  const frames = [trace.pages];
  const counted = await replayTrace(read!, { policies: [POLICY], frames, ...plan }, inProcess);
  const whole = { schemes: [scheme], tlbs: [config.tlb], asids: config.asids, ...plan };
  const { translation: results } = await translated(read!, counted, whole, [POLICY]);
  const bytes = trace.pages * size;
  const unusedBytes = Math.max(0, bytes - small!.trace.pages * GRANULE);
  return { ...results![0]!, pages: trace.pages, bytes, unusedBytes };
}
