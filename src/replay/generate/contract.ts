/** Made-up workloads: reference strings with a known kind of locality, equal for equal seeds on every platform. */
import type { RandomState } from '../../base/random.ts';

/** What can be chosen of every workload. Left out, the workload's own default holds. */
export interface WorkloadOptions {
  /** Different pages that references are drawn from, 1 to 2^30 - 1. */
  readonly pages?: number | undefined;
  /** How many references there are, from 1. */
  readonly references?: number | undefined;
  /** Share of references that are stores, 0 to 1; the others are loads. */
  readonly stores?: number | undefined;
  /** Any 32-bit integer. */
  readonly seed?: number | undefined;
}

/** What a definition makes its pages from. */
export interface PageOptions {
  readonly pages: number;
  readonly references: number;
  readonly random: RandomState;
}

/** What may follow a workload's name behind a colon, e.g. the ALPHA of `zipf:ALPHA`. */
export interface WorkloadParameter {
  /** As help shows it: `zipf:ALPHA`. */
  readonly syntax: string;
  /** What it means, its range and its default. */
  readonly summary: string;
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly isWhole: boolean;
}

export interface WorkloadDefinition {
  /** Lower-case name. */
  readonly name: string;
  readonly summary: string;
  /** Paper, year or lecture that it comes from. */
  readonly source: string;
  readonly parameter?: WorkloadParameter | undefined;
  /** When the user chooses none. */
  readonly references: number;
  /** Pages when the user chooses `chosen` of them. */
  pages(chosen: number, parameter: number): number;
  /** A source of page numbers from 0 to `pages` - 1, called once for each reference. */
  draw(options: PageOptions, parameter: number): () => number;
  /** What it is, in a sentence, for a user who reads the results. */
  describe(options: Omit<PageOptions, 'random'>, parameter: number): string;
}
