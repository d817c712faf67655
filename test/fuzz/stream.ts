/** Random instruction streams: programs of blocks, run here and under qemu, their records compared. */
import { nextBelow, nextUint32, randomState } from '../../src/base/random.ts';
import { BareMachine, equivalentConfigs } from '../support/bare-machine.ts';
import { type Block, type BlockShape, makeBlock } from './block.ts';
import { type Image, imageShape, makeImage, RECORD_BYTES, RECORD_FIELDS } from './image.ts';
import { runQemu } from './qemu.ts';

const BLOCKS_AN_IMAGE = 250;
const REPETITIONS = 4;
const FRAMES = 1024;
/** Instructions between timers, which must not be noticed. */
const FUELS = [100_000, 997, 211] as const;

/** What a block left behind differs between the two. */
export interface Difference {
  readonly seed: number;
  readonly repetition: number;
  readonly config: string;
  /** The first register, or what else differs first. */
  readonly field: string;
  readonly ours: string;
  readonly theirs: string;
  /** The instructions that it takes, or the whole block when it does not differ on its own. */
  readonly listing: readonly string[];
}

export interface Runner {
  /** Random instructions executed so far, each run of each counted, those jumped over too. */
  readonly executed: number;
  readonly distinct: number;
  /** Runs one more program; the first difference, if there is one. */
  next(): Difference | undefined;
}

/** Machines are kept: making one compiles its interpreter. */
class Machines {
  readonly #made = new Map<string, BareMachine>();

  /** A machine of a configuration with nothing mapped. */
  empty(config: string): BareMachine {
    const made = this.#made.get(config) ?? new BareMachine({ ...equivalentConfigs[config], frames: FRAMES });
    this.#made.set(config, made);
    made.clear();
    return made;
  }
}

function differenceOf(
  blocks: readonly Block[],
  image: Image,
  config: string,
  machines: Machines,
): Difference | undefined {
  const bare = machines.empty(config);
  bare.load(image.program, blocks[0]!.seed % 2 === 0);
  const ours = bare.run(FUELS[blocks[0]!.seed % FUELS.length]!);
  const theirs = runQemu(image.program);
  if (ours.output.equals(theirs.output) && ours.end === theirs.end) return undefined;
  const placeOf = (block: number, repetition: number) => ({
    seed: blocks[block]!.seed,
    repetition,
    config,
    listing: image.placed[block]!.listing(),
  });
  const records = Math.floor(Math.min(ours.output.length, theirs.output.length) / RECORD_BYTES);
  for (let at = 0; at < records * RECORD_BYTES; at += 8) {
    const [mine, other] = [ours.output.readBigUInt64LE(at), theirs.output.readBigUInt64LE(at)];
    if (mine === other) continue;
    const { block, repetition } = image.runs[Math.floor(at / RECORD_BYTES)]!;
    const field = RECORD_FIELDS[(at % RECORD_BYTES) / 8]!;
    return {
      ...placeOf(block, repetition),
      field,
      ours: `0x${mine.toString(16)}`,
      theirs: `0x${other.toString(16)}`,
    };
  }
  const { block, repetition } = image.runs[Math.min(records, image.runs.length - 1)]!;
  return {
    ...placeOf(block, repetition),
    field: 'end',
    ours: JSON.stringify(ours.end),
    theirs: `${theirs.end}`,
  };
}

const configNames = Object.keys(equivalentConfigs);

/** Programs from a seed. Each is run on the next of the machine's configurations. */
export function streams(seed: number): Runner {
  const random = randomState(seed);
  const machines = new Machines();
  let programs = 0;
  const counts = { executed: 0, distinct: 0 };
  return {
    get executed() {
      return counts.executed;
    },
    get distinct() {
      return counts.distinct;
    },
    next() {
      const shape = imageShape(nextUint32(random), 32 + nextBelow(random, 33), REPETITIONS);
      const blocks = Array.from({ length: BLOCKS_AN_IMAGE }, () => makeBlock(nextUint32(random), shape));
      const image = makeImage(blocks, shape);
      counts.distinct += image.instructions;
      counts.executed += image.instructions * REPETITIONS;
      const difference = differenceOf(blocks, image, configNames[programs++ % configNames.length]!, machines);
      if (difference === undefined) return undefined;
      return (
        minimised(blocks.find((block) => block.seed === difference.seed)!, shape, difference, machines) ??
        difference
      );
    },
  };
}

/** The same difference with as few groups as it takes; `undefined` when the block does not differ on its own. */
function minimised(
  block: Block,
  shape: BlockShape,
  { config, repetition }: Difference,
  machines: Machines,
): Difference | undefined {
  let smallest: Block = { ...block, registers: [block.registers[repetition]!] };
  const check = (candidate: Block): Difference | undefined =>
    differenceOf([candidate], makeImage([candidate], shape), config, machines);
  let found = check(smallest);
  for (
    let step = Math.ceil(shape.groups / 2);
    found !== undefined && step >= 1;
    step = Math.floor(step / 2)
  ) {
    for (let from = 0; from < shape.groups; from += step) {
      const isTaken = (i: number): boolean => i >= from && i < Math.min(from + step, shape.groups);
      const candidate = {
        ...smallest,
        groups: smallest.groups.map((group, i) => (isTaken(i) ? undefined : group)),
      };
      const difference = check(candidate);
      if (difference === undefined) continue;
      smallest = candidate;
      found = difference;
    }
  }
  return found && { ...found, repetition };
}
