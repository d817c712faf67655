/** Interpreters made before a run, so that the usual runs start quickly. */
import type { MachineConfig } from '../machine/contract.ts';
import { generateInterpreter, interpreterShape } from '../machine/interpreter.ts';
import { layoutOf } from '../machine/layout.ts';
import { sv39 } from '../translation/sv39.ts';
import { DEFAULT_OPTIONS, systemConfig } from './config.ts';

export interface MadeInterpreter {
  /** What `SystemPorts.interpreters` is asked for; can be a file's name. */
  readonly shape: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The modules for the default TLB: every policy's needs, recorded and not. */
export function usualInterpreters(): readonly MadeInterpreter[] {
  const { tlb, seed } = systemConfig(DEFAULT_OPTIONS);
  const switches = ['off', 'on'] as const;
  return switches.flatMap((stamps) =>
    (['off', 'recorded'] as const).map((references) => {
      const config: MachineConfig = {
        frames: 1,
        tlb,
        refill: 'hardware',
        geometry: sv39,
        stamps,
        references,
        seed,
      };
      const bytes = generateInterpreter(config, layoutOf(config));
      return { shape: interpreterShape(config), bytes };
    }),
  );
}
