/** What a replay comes to under translation schemes, as columns. */
import type { Columns } from '../report/columns/contract.ts';
import type { TranslationResult } from '../report/replay-schema.ts';

type Numbers = readonly [name: string, of: (result: TranslationResult) => number];

const integers: readonly Numbers[] = [
  ['page_size', ({ pageSize }) => pageSize],
  ['frames', ({ frames }) => frames],
  ['faults', ({ faults }) => faults],
  ['look_ups', ({ lookUps }) => lookUps],
  ['tlb_misses', ({ misses }) => misses],
  ['instruction_tlb_misses', ({ instructionMisses }) => instructionMisses],
  ['data_tlb_misses', ({ dataMisses }) => dataMisses],
  ['walks', ({ walks }) => walks.count],
  ['walk_loads', ({ walks }) => walks.loads],
  ['table_bytes_peak', ({ tables }) => tables.peakBytes],
  ['table_bytes_end', ({ tables }) => tables.endBytes],
  ['probes', ({ chains }) => chains?.probes ?? 0],
  ['flushes', ({ flushes }) => flushes],
];

export const translationColumns = (name: string, results: readonly TranslationResult[]): Columns => ({
  name,
  columns: [
    { name: 'policy', type: 'text', values: results.map(({ policy }) => policy) },
    { name: 'translation', type: 'text', values: results.map(({ scheme }) => scheme) },
    { name: 'tlb', type: 'text', values: results.map(({ tlb }) => tlb) },
    ...integers.map(([column, of]) => ({ name: column, type: 'integer' as const, values: results.map(of) })),
    { name: 'time_ns', type: 'number', values: results.map(({ time }) => time) },
  ],
});
