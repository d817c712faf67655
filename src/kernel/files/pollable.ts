/** The filesystems whose files can be waited for, put together: whoever waits, and epolls, hear of every change. */
import type { Pid } from '../../base/numbers.ts';
import { NO_PARENT } from '../process/create.ts';
import { pipeChannel, wake } from '../process/wakeups.ts';
import type { RootState } from '../state.ts';
import type { Opened } from './descriptors.ts';
import type { DeviceFileSystem } from './device-filesystem.ts';
import { Epolls, type Watched } from './epolls.ts';
import { EventFileSystem, type EventTime } from './event-filesystem.ts';
import { POLLIN } from './flags.ts';
import { InputWaits } from './input-waits.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import { PipeFileSystem } from './pipe-filesystem.ts';
import { eventChannel, Polling, socketChannel } from './polling.ts';
import { SocketFileSystem } from './socket-filesystem.ts';
import type { StandardInput } from './standard-input.ts';

export interface PollableParts {
  readonly root: RootState;
  readonly time: EventTime;
  readonly devices: DeviceFileSystem;
  readonly input: StandardInput;
  /** Where FIFOs have their inodes. */
  readonly memory: MemoryFileSystem;
  /** References to descriptions that are sent over sockets, by index: one more, one fewer. */
  readonly retain: (description: number) => void;
  readonly release: (description: number) => void;
  /** A description by its index. */
  readonly openedAt: (description: number) => Opened | undefined;
}

export interface Pollable {
  readonly pipes: PipeFileSystem;
  readonly sockets: SocketFileSystem;
  readonly eventFiles: EventFileSystem;
  readonly polling: Polling;
  readonly epolls: Epolls;
  readonly inputWaits: InputWaits;
}

export function assemblePollable({
  root,
  time,
  devices,
  input,
  memory,
  openedAt,
  ...references
}: PollableParts): Pollable {
  const { pipes: pipesState, sockets: socketsState, events } = root.files;
  const changed = (channel: string, what: number): void => {
    wake(root, channel);
    epolls.tell(channel, what);
  };
  const pipes = new PipeFileSystem(pipesState, memory, (key, what) => changed(pipeChannel(key), what));
  const descriptions = { ...references, sender: () => senderOf(root) };
  const sockets = new SocketFileSystem(
    socketsState,
    (key, what) => changed(socketChannel(key), what),
    descriptions,
  );
  const eventFiles = new EventFileSystem(events, time, (key, what) => changed(eventChannel(key), what));
  const polling = new Polling({ events, devices, pipes, sockets, eventFiles });
  const watched: Watched = {
    events: (description) => {
      const opened = openedAt(description);
      return opened === undefined ? 0 : polling.normalEvents(opened);
    },
    due: (description) => {
      const opened = openedAt(description);
      return opened === undefined ? Number.POSITIVE_INFINITY : polling.due(opened);
    },
    epoll: (description) => {
      const record = openedAt(description)?.record;
      const isEpoll = record?.mount === 'event' && events.epolls[record.key] !== undefined;
      return isEpoll ? record.key : undefined;
    },
  };
  const epolls = new Epolls(events, watched, (key) => changed(eventChannel(key), POLLIN));
  polling.epolls = epolls;
  const inputWaits = new InputWaits(root, input, epolls);
  return { pipes, sockets, eventFiles, polling, epolls, inputWaits };
}

/** The process on the processor, whose call it is. */
function senderOf({ processes, running }: RootState): Pid {
  return processes.find(({ pid }) => pid === running)?.group.id ?? NO_PARENT;
}
