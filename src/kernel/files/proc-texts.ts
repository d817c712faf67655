/** The contents of files in /proc, as proc(5) lays them out. */
import { nextUint32 } from '../../base/random.ts';
import { LIMITS, limitOf } from '../limits.ts';
import type { MemoryCounters, VirtualMemory } from '../memory/contract.ts';
import { hasTerminal } from '../process/terminal.ts';
import { processUse } from '../process/use.ts';
import {
  type Area,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type ProcessState,
  type RootState,
  type SpaceState,
} from '../state.ts';

/** Where the numbers come from. Virtual memory is made after the files, so it may not be there yet. */
export interface ProcSources {
  /** Page frames of the machine. */
  readonly frames: number;
  /** Whether `/` can be written to. */
  readonly writable: boolean;
  readonly memory: Pick<VirtualMemory, 'listAreas' | 'counters'> | undefined;
}

export type MachineText = (root: RootState, sources: ProcSources) => string;
export type ProcessText = (
  root: RootState,
  sources: ProcSources,
  process: ProcessState,
) => string | Uint8Array;

export const machineTexts: Readonly<Record<string, MachineText>> = {
  meminfo,
  cpuinfo: () => 'processor\t: 0\nhart\t\t: 0\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\n\n',
  stat: machineStat,
  uptime: (root) => `${(root.clock.now / 1e9).toFixed(2)} ${(root.clock.idle / 1e9).toFixed(2)}\n`,
  loadavg: (root) => `0.00 0.00 0.00 ${runnable(root)}/${root.processes.length} ${root.running}\n`,
  version: () => 'Linux version 6.6.0 (pagewalk) #1 Thu Jan  1 00:00:00 UTC 2026\n',
  filesystems: () => 'nodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\n\text4\n',
  'sys/vm/overcommit_memory': () => '1\n',
  'sys/vm/overcommit_ratio': () => '50\n',
  'sys/vm/max_map_count': () => '65530\n',
  'sys/vm/mmap_min_addr': () => '65536\n',
  'sys/kernel/ostype': () => 'Linux\n',
  'sys/kernel/osrelease': () => '6.6.0\n',
  'sys/kernel/hostname': () => 'pagewalk\n',
  'sys/kernel/pid_max': () => '32768\n',
  'sys/kernel/ngroups_max': () => '65536\n',
  'sys/kernel/random/uuid': (root) => `${uuid(root)}\n`,
  'sys/fs/pipe-max-size': () => '65536\n',
};

export const processTexts: Readonly<Record<string, ProcessText>> = {
  maps: (root, sources, process) =>
    areasOf(root, sources, process)
      .map(({ area }) => `${mapsLine(root, area)}\n`)
      .join(''),
  smaps: (root, sources, process) =>
    areasOf(root, sources, process)
      .map((entry) => smapsEntry(root, entry))
      .join(''),
  cmdline: (_root, _sources, process) => process.argv.map((word) => `${word}\0`).join(''),
  environ: (_root, _sources, process) => process.env.map((word) => `${word}\0`).join(''),
  auxv: (_root, _sources, process) => process.auxv,
  comm: (_root, _sources, process) => `${nameOf(process)}\n`,
  stat: processStat,
  statm,
  status,
  limits: (_root, _sources, process) => limits(process),
  mounts: (_root, sources) => mounts(sources),
};

/** What the process is called: the last part of its path, at most 15 characters. */
export const nameOf = (process: ProcessState): string =>
  process.name ?? process.path.slice(process.path.lastIndexOf('/') + 1).slice(0, 15);

/** Device number of the terminal, 5:0. */
const TTY = 1280;
const kib = (pages: number) => pages * 4;
const ticks = (ns: number) => Math.floor(ns / 1e7);

/** Time in user mode and in the kernel, ns. */
export function processTimes(root: RootState): { user: number; system: number } {
  const { instructions, memory, walks, traps, faults, systemCalls, switches } = root.clock;
  return { user: instructions + memory + walks, system: traps + faults + systemCalls + switches };
}

/** Faults without and with a transfer. */
export function faultCounts(counters: Pick<MemoryCounters, 'faults' | 'majorFaults'> | undefined): {
  minor: number;
  major: number;
} {
  if (counters === undefined) return { minor: 0, major: 0 };
  const all = Object.values(counters.faults).reduce((sum, n) => sum + n, 0);
  return { minor: Math.max(0, all - counters.majorFaults), major: counters.majorFaults };
}

const spaceOf = (root: RootState, process: ProcessState): SpaceState | undefined =>
  root.spaces[process.space];

function areasOf(
  root: RootState,
  sources: ProcSources,
  process: ProcessState,
): { area: Area; resident: number; swapped: number }[] {
  const space = spaceOf(root, process);
  if (space === undefined) return [];
  return sources.memory?.listAreas(space) ?? space.areas.map((area) => ({ area, resident: 0, swapped: 0 }));
}

const hex = (n: number, digits: number) => n.toString(16).padStart(digits, '0');

function mapsLine(root: RootState, area: Area): string {
  const bit = (flag: number, letter: string) => ((area.protection & flag) === 0 ? '-' : letter);
  const protection =
    bit(PROT_READ, 'r') + bit(PROT_WRITE, 'w') + bit(PROT_EXEC, 'x') + (area.shared ? 's' : 'p');
  const record = area.backing === undefined ? undefined : root.files.objects[area.backing.object];
  const isFile = record?.kind === 'file' && area.name.startsWith('/');
  const inode = isFile ? (area.backing?.object ?? 0) : 0;
  const range = `${hex(area.start, 8)}-${hex(area.end, 8)} ${protection} ${hex(isFile ? (area.backing?.offset ?? 0) : 0, 8)}`;
  const line = `${range} ${isFile ? '08:01' : '00:00'} ${inode} `;
  return area.name === '' ? line : `${line.padEnd(73)}${area.name}`;
}

function smapsEntry(root: RootState, entry: { area: Area; resident: number; swapped: number }): string {
  const { area, resident, swapped } = entry;
  const row = (name: string, kibibytes: number) =>
    `${`${name}:`.padEnd(16)}${String(kibibytes).padStart(8)} kB\n`;
  const size = (area.end - area.start) / 1024;
  return `${mapsLine(root, area)}\n${row('Size', size)}${row('KernelPageSize', 4)}${row('MMUPageSize', 4)}${row('Rss', kib(resident))}${row('Pss', kib(resident))}${row('Swap', kib(swapped))}`;
}

function meminfo(_root: RootState, { frames, memory }: ProcSources): string {
  const row = (name: string, kibibytes: number) =>
    `${`${name}:`.padEnd(16)}${String(kibibytes).padStart(8)} kB\n`;
  const counters = memory?.counters;
  const free = kib(frames - (counters?.residentPages ?? 0) - (counters?.tableFrames ?? 0));
  return (
    row('MemTotal', kib(frames)) +
    row('MemFree', free) +
    row('MemAvailable', free) +
    row('Buffers', 0) +
    row('Cached', 0) +
    row('PageTables', kib(counters?.tableFrames ?? 0))
  );
}

const runnable = (root: RootState): number =>
  root.processes.filter(({ status }) => status === 'ready' || status === 'running').length;

function machineStat(root: RootState): string {
  const { user, system } = processTimes(root);
  const cpu = `${ticks(user)} 0 ${ticks(system)} ${ticks(root.clock.idle)} ${ticks(root.clock.disk)} 0 0 0 0 0`;
  return `cpu  ${cpu}\ncpu0 ${cpu}\nctxt ${root.scheduler.switches}\nbtime ${root.files.bootTime}\nprocesses ${root.nextPid - 1}\nprocs_running ${runnable(root)}\nprocs_blocked 0\n`;
}

function sizes(
  root: RootState,
  process: ProcessState,
): { pages: number; resident: number; code: number; data: number } {
  const space = spaceOf(root, process);
  const pagesOf = (areas: readonly Area[]) =>
    areas.reduce((sum, { start, end }) => sum + (end - start) / 4096, 0);
  const areas = space?.areas ?? [];
  return {
    pages: pagesOf(areas),
    resident: space?.resident ?? 0,
    code: pagesOf(areas.filter(({ protection }) => (protection & PROT_EXEC) !== 0)),
    data: pagesOf(areas.filter(({ protection, shared }) => (protection & PROT_WRITE) !== 0 && !shared)),
  };
}

function statm(root: RootState, _sources: ProcSources, process: ProcessState): string {
  const { pages, resident, code, data } = sizes(root, process);
  return `${pages} ${resident} 0 ${code} 0 ${data} 0\n`;
}

/** As ps(1) shows states. */
export const stateLetters = {
  new: 'S',
  ready: 'R',
  running: 'R',
  blocked: 'S',
  stopped: 'T',
  zombie: 'Z',
} as const;
const stateNames = {
  new: 'sleeping',
  ready: 'running',
  running: 'running',
  blocked: 'sleeping',
  stopped: 'stopped',
  zombie: 'zombie',
} as const;

function processStat(root: RootState, _sources: ProcSources, process: ProcessState): string {
  const { group, times, scheduling } = process;
  const { pages, resident } = sizes(root, process);
  const names = [process.pid, `(${nameOf(process)})`, stateLetters[process.status]];
  const terminal = hasTerminal(root, group) ? [TTY, root.terminal.foreground] : [0, -1];
  const head = [...names, group.parent, group.processGroup, group.session, ...terminal, 0];
  const own = processUse(root, process);
  const { children } = group;
  const used = [own.user, own.system, children.user, children.system].map(ticks);
  const counts = [own.minor, children.minor, own.major, children.major, ...used];
  const rest = [20 + scheduling.nice, scheduling.nice, group.threads, 0, ticks(times.arrived)];
  const fields = [...counts, ...rest];
  const tail = new Array<number>(52 - head.length - fields.length - 2).fill(0);
  return `${[...head, ...fields, pages * 4096, resident, ...tail].join(' ')}\n`;
}

function status(root: RootState, _sources: ProcSources, process: ProcessState): string {
  const { pages, resident, code, data } = sizes(root, process);
  const space = spaceOf(root, process);
  const row = (name: string, pagesThere: number) => `${name}:\t${String(kib(pagesThere)).padStart(8)} kB\n`;
  const mask = (bits: bigint) => bits.toString(16).padStart(16, '0');
  return (
    `Name:\t${nameOf(process)}\nUmask:\t${process.directory.umask.toString(8).padStart(4, '0')}\nState:\t${stateLetters[process.status]} (${stateNames[process.status]})\n` +
    `Tgid:\t${process.group.id}\nNgid:\t0\nPid:\t${process.pid}\nPPid:\t${process.group.parent}\nTracerPid:\t0\n` +
    `Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\nFDSize:\t${process.descriptors.length}\nGroups:\t1000\n` +
    row('VmPeak', pages) +
    row('VmSize', pages) +
    row('VmHWM', space?.residentPeak ?? 0) +
    row('VmRSS', resident) +
    row('VmData', data) +
    row('VmExe', code) +
    row('VmPTE', space?.tableFrames ?? 0) +
    `Threads:\t${process.group.threads}\nSigBlk:\t${mask(process.signals.mask)}\n`
  );
}

function limits(process: ProcessState): string {
  const show = (n: bigint) => (n === 0xffff_ffff_ffff_ffffn ? 'unlimited' : String(n));
  const row = (name: string, soft: string, hard: string, units: string) =>
    `${name.padEnd(26)}${soft.padEnd(21)}${hard.padEnd(21)}${units.padEnd(10)}\n`;
  return (
    row('Limit', 'Soft Limit', 'Hard Limit', 'Units') +
    LIMITS.map(({ name, title, units }) => {
      const [soft, hard] = limitOf(process, name);
      return row(title, show(soft), show(hard), units);
    }).join('')
  );
}

function mounts({ writable }: ProcSources): string {
  const access = writable ? 'rw' : 'ro';
  return (
    `host / ext4 ${access},noatime 0 0\ntmpfs /tmp tmpfs rw,noatime,size=1048576k 0 0\n` +
    'devtmpfs /dev devtmpfs rw,nosuid 0 0\nproc /proc proc rw 0 0\n'
  );
}

function uuid(root: RootState): string {
  const digits = [0, 1, 2, 3].map(() => hex(nextUint32(root.random), 8)).join('');
  const variant = (8 + (Number.parseInt(digits[16]!, 16) & 3)).toString(16);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`;
}
