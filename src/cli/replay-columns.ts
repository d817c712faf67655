/** The results of a replay as columns, for CSV and Parquet. */
import type { Columns } from '../report/columns/contract.ts';
import type { ReplayReport } from '../system/replaying.ts';

export function replayColumns({ results }: ReplayReport): Columns {
  const integers = (name: string, values: number[]) => ({ name, type: 'integer' as const, values });
  const numbers = (name: string, values: number[]) => ({ name, type: 'number' as const, values });
  return {
    name: 'replay',
    columns: [
      { name: 'policy', type: 'text', values: results.map(({ policy }) => policy) },
      integers(
        'frames',
        results.map(({ frames }) => frames),
      ),
      integers(
        'references',
        results.map(({ references }) => references),
      ),
      integers(
        'faults',
        results.map(({ faults }) => faults),
      ),
      numbers(
        'miss_ratio',
        results.map(({ missRatio }) => missRatio),
      ),
      integers(
        'compulsory',
        results.map(({ compulsory }) => compulsory),
      ),
      integers(
        'capacity',
        results.map(({ capacity }) => capacity),
      ),
      integers(
        'clean_evictions',
        results.map(({ evictions }) => evictions.clean),
      ),
      integers(
        'dirty_evictions',
        results.map(({ evictions }) => evictions.dirty),
      ),
      numbers(
        'access_time_ns',
        results.map(({ accessTime }) => accessTime),
      ),
    ],
  };
}
