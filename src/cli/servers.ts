/** `pagewalk servers`: ways to build a server, and what making processes costs each, side by side. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { MemoryFiles } from '../adapters/memory-files.ts';
import { MemoryStreams } from '../adapters/memory-streams.ts';
import { UserError } from '../base/errors.ts';
import { parsePages } from '../base/sizes.ts';
import { PROCESS_COPIES, SERVER_STYLES, type ServersReport } from '../report/servers-schema.ts';
import { serversText } from '../report/servers-text.ts';
import {
  DEFAULT_OPTIONS,
  parseCosts,
  parseCount,
  parseDuration,
  type SystemOptions,
} from '../system/running.ts';
import {
  compareServers,
  type ServerHost,
  type ServerPrograms,
  type ServerVariant,
  serverVariants,
} from '../system/servers.ts';
import { hostInterpreter, hostStores } from './program.ts';
import { startProgress } from './progress.ts';
import { turn } from './turn.ts';

interface Flags {
  readonly style: string;
  readonly fork: string;
  readonly clients: string;
  readonly connections: string;
  readonly requests: string;
  readonly think: string;
  readonly heap: string;
  readonly writes: string;
  readonly workers: string;
  readonly address: string;
  readonly memory?: string;
  readonly frames?: string;
  readonly tlb?: string;
  readonly replacement?: string;
  readonly scheduler?: string;
  readonly swap?: string;
  readonly seed?: string;
  readonly costs?: string;
  readonly maxTime?: string;
  readonly json?: boolean;
}

const EXAMPLE = `
Servers:
  naive    one connection after the other, in one process
  prefork  workers that are forked once and accept at one socket
  fork     a child for each connection
  exec     a child for each connection that executes a program, as inetd does; the only one for vfork

Examples:
  pagewalk servers
  pagewalk servers --style fork --writes 0
  pagewalk servers --style fork,exec --heap 4M --memory 8M --json

All servers get the same requests from the same clients. The exit status is 1 when answers differ, or a run fails.`;

export function addServersCommand(program: Command): void {
  const d = DEFAULT_OPTIONS;
  program
    .command('servers')
    .summary('compare a naive, a preforked and a forking server, by ways to fork')
    .description(
      'Runs a shipped server beside its clients, once for each way to build it and to make processes, and prints what forks copied, their share of what the server costs, and how long clients waited.',
    )
    .option('--style <list>', SERVER_STYLES.join(', '), SERVER_STYLES.join(','))
    .option('--fork <list>', PROCESS_COPIES.join(', '), PROCESS_COPIES.join(','))
    .option('--clients <n>', 'clients at the same time', '4')
    .option('--connections <n>', 'of each client, one after the other', '4')
    .option('--requests <n>', 'a connection', '4')
    .option('--think <duration>', 'what a client waits after each answer', '1ms')
    .option('--heap <size>', "the server's heap, a document a page", '1M')
    .option('--writes <pages>', 'pages of the heap that are written for each connection', '4')
    .option('--workers <n>', 'of a preforked server', '4')
    .option('--address <port|/name>', 'a port of 127.0.0.1, or a UNIX socket in /tmp', '7000')
    .option('--memory <size>', `all memory, page tables included (default: ${d.memory})`)
    .option('--frames <n>', 'instead: frames for pages alone, tables beside them')
    .option('--tlb <shape>', `(default: ${d.tlb})`)
    .option('--replacement <policy>', `page replacement (default: ${d.replacement})`)
    .option('--scheduler <policy>', `who runs next (default: ${d.scheduler})`)
    .option('--swap <store>', `(default: ${d.swap})`)
    .option('--seed <n>', `of everything random (default: ${d.seed})`)
    .option('--costs <k=ns,…>', 'e.g. copyPage=50000')
    .option('--max-time <duration>', 'stop each run after this much virtual time, e.g. 10s')
    .option('--json', 'print as JSON, with the whole report of each run')
    .addHelpText('after', EXAMPLE)
    .action(async (flags: Flags) => {
      process.exitCode = await servers(flags);
    });
}

async function servers(flags: Flags): Promise<number> {
  const variants = variantsOf(flags);
  const load = loadOf(flags);
  const programs = { server: shipped('server'), client: shipped('client') };
  const options = optionsOf(flags);
  const progress = await startProgress('runs', variants.length);
  let begun = 0;
  const started = ({ style, fork }: ServerVariant): void => progress.at(begun++, `${style} ${fork}`);
  let report: ServersReport;
  try {
    report = await compareServers(
      { load, programs, options, host: () => hostOf(programs), started },
      variants,
    );
  } finally {
    progress.stop();
  }
  process.stdout.write(flags.json ? `${JSON.stringify(report, undefined, 2)}\n` : serversText(report));
  return report.identicalOutput ? 0 : 1;
}

function variantsOf(flags: Flags): ServerVariant[] {
  const styles = namesOf(flags.style, SERVER_STYLES, '--style');
  const copies = namesOf(flags.fork, PROCESS_COPIES, '--fork');
  const variants = serverVariants(styles, copies);
  if (variants.length > 0) return variants;
  throw new UserError('--fork vfork', "its child can only execute a program: needs --style with 'exec'");
}

function namesOf<const Name extends string>(text: string, known: readonly Name[], place: string): Name[] {
  const names = text.split(',').map((part) => {
    const found = known.find((name) => name === part);
    if (found === undefined) throw new UserError(place, `unknown '${part}'; known: ${known.join(', ')}`);
    return found;
  });
  return [...new Set(names)];
}

/** What the programs themselves take at most; heaps in pages. */
const MOST = { clients: 100, connections: 1000, requests: 100_000, workers: 64, heap: 2 ** 18 } as const;
const MOST_THINKING = 10e9;

function loadOf(flags: Flags): ServersReport['load'] {
  const count = (name: 'clients' | 'connections' | 'requests' | 'workers'): number =>
    atMost(parseCount(flags[name], 1, `--${name}`), MOST[name], `--${name}`);
  const heap = parsePages(flags.heap, '--heap');
  if (heap > MOST.heap) throw new UserError('--heap', `${flags.heap} is more than 1G`);
  const load = {
    address: addressOf(flags.address),
    clients: count('clients'),
    connections: count('connections'),
    requests: count('requests'),
    think: thinkOf(flags.think),
    heap,
    writes: atMost(parseCount(flags.writes, 0, '--writes'), heap, '--writes'),
    workers: count('workers'),
  };
  atMost(load.clients * load.connections, MOST.connections, '--clients × --connections');
  return load;
}

function atMost(value: number, most: number, place: string): number {
  if (value <= most) return value;
  throw new UserError(place, `${value} is more than ${most}`);
}

/** Clients sleep in microseconds. */
function thinkOf(text: string): number {
  const think = parseDuration(text, '--think');
  if (think % 1000 !== 0) throw new UserError('--think', `'${text}' is no whole number of microseconds`);
  if (think > MOST_THINKING) throw new UserError('--think', `'${text}' is more than 10s`);
  return think;
}

/** The machine's only writable folder is /tmp. */
function addressOf(text: string): string {
  if (/^\/tmp\/[^/]{1,90}$/.test(text)) return text;
  if (/^\d{4,5}$/.test(text) && Number(text) >= 1024 && Number(text) <= 65535) return text;
  throw new UserError('--address', `'${text}' is neither a port from 1024 to 65535 nor a name in /tmp`);
}

function optionsOf(flags: Flags): SystemOptions {
  const { memory, frames, tlb, replacement, scheduler, swap, seed, maxTime, costs } = flags;
  const given = { memory, frames, tlb, replacement, scheduler, swap, seed, maxTime };
  return { ...given, costs: costs === undefined ? undefined : parseCosts(costs, '--costs') };
}

function hostOf({ server, client }: ServerPrograms): ServerHost {
  const streams = new MemoryStreams();
  return {
    files: new MemoryFiles({ entries: { '/server': server, '/client': client }, access: 'read-only' }),
    streams,
    stores: hostStores,
    interpreters: hostInterpreter,
    turn,
    output: () => streams.text(1),
    complaints: () => streams.text(2),
  };
}

/** A program of the package. */
function shipped(name: string): Uint8Array {
  return readFileSync(new URL(`../../programs/bin/${name}.elf`, import.meta.url));
}
