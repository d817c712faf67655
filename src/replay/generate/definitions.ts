/** The workloads that a name can mean. A definition is one constant and one entry of the list. */
import type { PageOptions, WorkloadDefinition } from './contract.ts';
import { below, uniform } from './uniform.ts';
import { zipf } from './zipf.ts';

const MOST_PAGES = 2 ** 30 - 1;
const MANY = 1_000_000;
const chosen = (pages: number): number => pages;

const NOTES = [0, 1, 2, 3, 0, 1, 4, 0, 1, 2, 3, 4] as const;

const notes: WorkloadDefinition = {
  name: 'notes',
  summary: "the lecture notes' string: 0 1 2 3 0 1 4 0 1 2 3 4",
  source: 'Belady, Nelson and Shedler, "An anomaly in space-time characteristics", CACM 12(6), 1969',
  references: NOTES.length,
  pages: () => 5,
  draw: () => {
    let at = 0;
    return () => NOTES[at++ % NOTES.length]!;
  },
  describe: () =>
    `the lecture notes' string, ${NOTES.join(' ')}, on 5 pages, from its start again at its end`,
};

const noLocality: WorkloadDefinition = {
  name: 'uniform',
  summary: 'no locality: each page is as likely as any other',
  source: 'the independent reference model: Coffman and Denning, "Operating Systems Theory", 1973, chapter 6',
  references: MANY,
  pages: chosen,
  draw:
    ({ pages, random }) =>
    () =>
      below(random, pages),
  describe: ({ pages }) => `each of ${pages} pages is as likely as any other`,
};

const hotPages = (pages: number): number => Math.max(1, Math.round(pages / 5));

const eightyTwenty: WorkloadDefinition = {
  name: '80-20',
  summary: 'four of five references go to a fifth of the pages',
  source: 'Heising, "Note on random addressing techniques", IBM Systems Journal 2(2), 1963',
  references: MANY,
  pages: chosen,
  draw: ({ pages, random }) => {
    const hot = hotPages(pages);
    const others = pages - hot;
    return () => (others === 0 || uniform(random) < 0.8 ? below(random, hot) : hot + below(random, others));
  },
  describe: ({ pages }) =>
    `80 % of references go to pages 0 to ${hotPages(pages) - 1}, the others to the rest of ${pages} pages`,
};

const zipfian: WorkloadDefinition = {
  name: 'zipf',
  summary: 'few pages are referenced often and many rarely, by rank',
  source: 'Zipf, "Human Behavior and the Principle of Least Effort", 1949',
  parameter: {
    syntax: 'zipf:ALPHA',
    summary: 'page k is referenced in proportion to (k + 1)^-ALPHA; 0 to 10, 1 unless given',
    default: 1,
    least: 0,
    most: 10,
    isWhole: false,
  },
  references: MANY,
  pages: chosen,
  draw: ({ pages, random }, alpha) => zipf(pages, alpha, random),
  describe: ({ pages }, alpha) => `page k of ${pages} is referenced in proportion to (k + 1)^-${alpha}`,
};

const loop: WorkloadDefinition = {
  name: 'loop',
  summary: 'pages in order, from the first again after the last: the worst case of LRU',
  source: 'Mattson, Gecsei, Slutz and Traiger, IBM Systems Journal 9(2), 1970',
  parameter: {
    syntax: 'loop:N',
    summary: 'pages of the loop; 1 to 2^30 - 1, as many as there are unless given',
    default: 0,
    least: 1,
    most: MOST_PAGES,
    isWhole: true,
  },
  references: MANY,
  pages: (pages, length) => (length === 0 ? pages : length),
  draw: ({ pages }) => {
    let next = 0;
    return () => {
      const page = next;
      next = page + 1 === pages ? 0 : page + 1;
      return page;
    };
  },
  describe: ({ pages }) => `pages 0 to ${pages - 1} in order, over and over`,
};

const phaseOf = ({ pages, references }: Omit<PageOptions, 'random'>, count: number) => ({
  locality: Math.max(1, Math.round(pages / 10)),
  length: Math.max(1, Math.ceil(references / count)),
});

const phases: WorkloadDefinition = {
  name: 'phases',
  summary: 'a working set that is suddenly another one, again and again',
  source: 'Denning, "Working sets past and present", IEEE Transactions on Software Engineering 6(1), 1980',
  parameter: {
    syntax: 'phases:COUNT',
    summary: 'phases of equal length; 1 to 1000000, 10 unless given',
    default: 10,
    least: 1,
    most: 1_000_000,
    isWhole: true,
  },
  references: MANY,
  pages: chosen,
  draw: (options, count) => {
    const { pages, random } = options;
    const { locality, length } = phaseOf(options, count);
    let left = 0;
    let start = 0;
    return () => {
      if (left-- === 0) {
        left = length - 1;
        start = below(random, pages);
      }
      if (uniform(random) >= 0.95) return below(random, pages);
      const page = start + below(random, locality);
      return page < pages ? page : page - pages;
    };
  },
  describe: (options, count) => {
    const { locality, length } = phaseOf(options, count);
    return `phases of ${length} references, 95 % of them to ${locality} pages in a row out of ${options.pages}`;
  },
};

const hotTenth = (pages: number): number => Math.max(1, Math.round(pages / 10));

const scan: WorkloadDefinition = {
  name: 'scan',
  summary: 'a small hot set, interrupted by sweeps over all pages that push it out of an LRU memory',
  source: `O'Neil, O'Neil and Weikum, "The LRU-K page replacement algorithm", SIGMOD 1993, example 1.2`,
  references: MANY,
  pages: chosen,
  draw: ({ pages, random }) => {
    const hot = hotTenth(pages);
    let at = 0;
    return () => {
      const step = at;
      at = step + 1 === pages * 2 ? 0 : step + 1;
      return step < pages ? below(random, hot) : step - pages;
    };
  },
  describe: ({ pages }) =>
    `${pages} references to pages 0 to ${hotTenth(pages) - 1}, then all ${pages} pages once in order, over and over`,
};

/** Every workload, in the order in which help lists them. */
export const workloads: readonly WorkloadDefinition[] = [
  notes,
  noLocality,
  eightyTwenty,
  zipfian,
  loop,
  phases,
  scan,
];
