/**
 * Servers beside their clients on one machine, to compare what making processes costs them. Source: the lectures'
 * forking server: one connection after the other is naive; a child for each is better, but fork is dear as long as it
 * copies the process; copying only its tables, and then vfork, are the answers to that.
 */
import type { PolicyDefinition } from '../policies/replacement/contract.ts';
import { AnswerTimes } from '../report/answer-times.ts';
import type { RunReport } from '../report/schema.ts';
import type {
  ProcessCopy,
  ServerLoad,
  ServerRun,
  ServerStyle,
  ServersReport,
} from '../report/servers-schema.ts';
import { type PlaceOf, type SystemOptions, systemConfig } from './config.ts';
import type { ProgramRequest, SystemPorts } from './ports.ts';
import { createSystem, type System } from './system.ts';

export type { ServersReport } from '../report/servers-schema.ts';

const PAGE_SIZE = 4096;

/** A server to be built. */
export interface ServerVariant {
  readonly style: ServerStyle;
  readonly fork: ProcessCopy;
}

/** The shipped programs `server` and `client`. */
export interface ServerPrograms {
  readonly server: Uint8Array;
  readonly client: Uint8Array;
}

/** The outside of one run; its output is looked at afterwards. */
export interface ServerHost extends Omit<SystemPorts, 'program' | 'others' | 'jobs'> {
  readonly output: () => string;
  readonly complaints: () => string;
}

export interface ServerExperiment {
  readonly load: ServerLoad;
  readonly programs: ServerPrograms;
  readonly options: SystemOptions;
  readonly placeOf?: PlaceOf | undefined;
  readonly policy?: PolicyDefinition | undefined;
  /** A fresh outside, whose files have the programs as `/server` and `/client`. */
  readonly host: () => ServerHost;
  readonly started?: ((variant: ServerVariant) => void) | undefined;
}

/**
 * Every style with every way to make processes that it can have: a naive server makes none, and the child of vfork(2)
 * may do nothing but execute a program.
 */
export function serverVariants(
  styles: readonly ServerStyle[],
  copies: readonly ProcessCopy[],
): ServerVariant[] {
  return styles.flatMap((style): ServerVariant[] => {
    if (style === 'naive') return [{ style, fork: 'none' }];
    return copies.filter((fork) => fork !== 'vfork' || style === 'exec').map((fork) => ({ style, fork }));
  });
}

/** Runs the variants one after the other. @throws UserError when an option or the memory's size is wrong */
export async function compareServers(
  experiment: ServerExperiment,
  variants: readonly ServerVariant[],
): Promise<ServersReport> {
  const runs: ServerRun[] = [];
  for (const variant of variants) {
    experiment.started?.(variant);
    runs.push(await serve(experiment, variant));
  }
  const identicalOutput = runs.every((run) => succeeded(run) && areEqual(run.output, runs[0]!.output));
  return { schema: 'pagewalk.servers/1', load: experiment.load, identicalOutput, runs };
}

const areEqual = (a: readonly string[], b: readonly string[]): boolean => a.join('\n') === b.join('\n');

const succeeded = ({ report, complaints }: ServerRun): boolean =>
  report.end.kind === 'exited' && report.end.status === 0 && complaints === '';

async function serve(experiment: ServerExperiment, variant: ServerVariant): Promise<ServerRun> {
  const { load, options, placeOf, policy } = experiment;
  const { style, fork } = variant;
  const mode = fork === 'eager' || fork === 'copy-on-write' ? { fork } : {};
  const config = systemConfig({ ...options, ...mode }, placeOf, policy);
  const { output, complaints, ...host } = experiment.host();
  const system = createSystem(config, { ...host, ...programsOf(experiment, variant), policy });
  const times = new AnswerTimes((pid) => isClient(system, pid));
  system.observe(times.observe);
  try {
    await system.run();
    const report = system.report();
    return {
      style,
      fork,
      requests: times.answers,
      children: report.scheduling.created - 1 - load.clients,
      serverTime: serverTime(system, report),
      forkTime: report.time.forks,
      answer: { mean: times.mean, worst: times.worst },
      output: output()
        .split('\n')
        .filter((line) => line !== '')
        .sort(),
      complaints: complaints(),
      report,
    };
  } finally {
    system.close();
  }
}

/** The first program is the server. */
const isClient = ({ root }: System, pid: number): boolean =>
  root.programs.some((one, i) => i > 0 && one === pid);

/** Clients make no processes, so that all others are the server's. */
function serverTime(system: System, { processes }: RunReport): number {
  return processes
    .filter(({ pid }) => !isClient(system, pid))
    .reduce((sum, { cpu }) => sum + cpu.user + cpu.system, 0);
}

function programsOf(
  { load, programs }: ServerExperiment,
  { style, fork }: ServerVariant,
): { program: ProgramRequest; others: ProgramRequest[] } {
  const { address, clients, connections, requests, think, heap, writes, workers } = load;
  const bytes = heap * PAGE_SIZE;
  const guestStyle = fork === 'vfork' ? 'vfork' : style;
  const request = (name: 'server' | 'client', args: readonly (string | number)[]): ProgramRequest => {
    const path = `/${name}`;
    return { name, path, bytes: programs[name], argv: [path, ...args.map(String)], env: [] };
  };
  const others = Array.from({ length: clients }, (_, i) =>
    request('client', [address, i + 1, connections, requests, bytes, think / 1000]),
  );
  const server = [guestStyle, address, clients * connections, bytes, writes, workers];
  return { program: request('server', server), others };
}
