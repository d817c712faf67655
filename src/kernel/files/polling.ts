/** What open files can do now, for poll(2), epoll(7) and calls that would wait. */
import { inputChannel, pipeChannel } from '../process/wakeups.ts';
import type { Readiness } from './contract.ts';
import type { Opened } from './descriptors.ts';
import type { DeviceFileSystem } from './device-filesystem.ts';
import type { Epolls } from './epolls.ts';
import type { EventFileSystem } from './event-filesystem.ts';
import type { EventsState } from './event-state.ts';
import {
  isRegular,
  O_ACCMODE,
  O_RDONLY,
  O_WRONLY,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from './flags.ts';
import type { PipeFileSystem } from './pipe-filesystem.ts';
import type { SocketFileSystem } from './socket-filesystem.ts';
import type { Description } from './state.ts';

export const socketChannel = (key: string): string => `socket:${key}`;
export const eventChannel = (key: string): string => `event:${key}`;

export interface PollingParts {
  readonly events: EventsState;
  readonly devices: DeviceFileSystem;
  readonly pipes: PipeFileSystem;
  readonly sockets: SocketFileSystem;
  readonly eventFiles: EventFileSystem;
}

export class Polling {
  readonly #parts: PollingParts;
  /** Epolls ask about what they watch, and are asked about themselves. */
  epolls: Epolls | undefined;

  constructor(parts: PollingParts) {
    this.#parts = parts;
  }

  readiness({ description, record, system }: Opened): Readiness {
    const { devices, sockets } = this.#parts;
    const access = description.flags & O_ACCMODE;
    const allowed = access === O_RDONLY ? POLLIN : access === O_WRONLY ? POLLOUT : POLLIN | POLLOUT;
    const { key } = record;
    switch (record.mount) {
      case 'pipe':
        return this.#pipe(key, allowed, description);
      case 'socket': {
        const isStream = sockets.table.get(key).kind === 'stream';
        return answer(sockets.events(key), sockets.available(key), isStream ? 'stream' : 'datagram');
      }
      case 'event':
        return answer(this.#events(key), undefined, 'event');
      case 'dev':
        return {
          ...answer(
            devices.isReadable(key) ? allowed : allowed & ~POLLIN,
            undefined,
            devices.isTerminal(key) ? 'terminal' : 'file',
          ),
          fillsReads: devices.fillsReads(key),
        };
      default: {
        const stat = system.stat(key);
        const isFile = typeof stat !== 'number' && isRegular(stat.mode);
        return answer(allowed, isFile ? Math.max(0, stat.size - description.position) : undefined, 'file');
      }
    }
  }

  /** What is woken when readiness changes; nothing for what is always ready. */
  channels({ record }: Opened): readonly string[] {
    switch (record.mount) {
      case 'pipe':
        return [pipeChannel(record.key)];
      case 'socket':
        return [socketChannel(record.key)];
      case 'event':
        return [eventChannel(record.key)];
      case 'dev':
        return this.#parts.devices.isInput(record.key) ? [inputChannel] : [];
      default:
        return [];
    }
  }

  /** Virtual time at which readiness changes by itself; Infinity: never. */
  due({ record }: Opened): number {
    if (record.mount !== 'event') return Number.POSITIVE_INFINITY;
    const isEpoll = this.#parts.events.epolls[record.key] !== undefined;
    return isEpoll ? this.epolls!.due(record.key) : this.#parts.eventFiles.due(record.key);
  }

  /** Whether epoll takes it: no files and directories, which are always ready, and no devices without poll. */
  isPollable({ record }: Opened): boolean {
    if (record.mount !== 'dev')
      return record.mount === 'pipe' || record.mount === 'socket' || record.mount === 'event';
    return !['null', 'zero', 'full', ''].includes(record.key);
  }

  /** As `readiness`, in the events of epoll(7): with what is normal data. */
  normalEvents(opened: Opened): number {
    const { events } = this.readiness(opened);
    return events | ((events & POLLIN) !== 0 ? POLLRDNORM : 0) | ((events & POLLOUT) !== 0 ? POLLWRNORM : 0);
  }

  #events(key: string): number {
    if (this.#parts.events.epolls[key] === undefined) return this.#parts.eventFiles.events(key);
    this.#parts.eventFiles.tellExpired();
    return this.epolls!.isReady(key) ? POLLIN : 0;
  }

  #pipe(key: string, allowed: number, { writersBefore }: Description): Readiness {
    const { available, hasRoom, readers, writers, writersEver } = this.#parts.pipes.level(key);
    const isReader = (allowed & POLLIN) !== 0;
    const canRead = isReader && available > 0 ? POLLIN : 0;
    const canWrite = (allowed & POLLOUT) !== 0 && hasRoom ? POLLOUT : 0;
    // A FIFO that nobody has written to yet has nobody who could have hung up.
    const hangUp = isReader && writers === 0 && writersBefore !== writersEver ? POLLHUP : 0;
    const broken = (allowed & POLLOUT) !== 0 && readers === 0 ? POLLERR : 0;
    return answer(canRead | canWrite | hangUp | broken, available, 'pipe');
  }
}

function answer(events: number, available: number | undefined, kind: Readiness['kind']): Readiness {
  return { events, available, fillsReads: kind !== 'terminal' && kind !== 'event', kind };
}
