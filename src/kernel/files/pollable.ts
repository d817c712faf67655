/** The filesystems whose files can be waited for, put together: whoever waits, and epolls, hear of every change. */
import { pipeChannel, wake } from '../process/wakeups.ts';
import type { RootState } from '../state.ts';
import type { Opened } from './descriptors.ts';
import type { DeviceFileSystem } from './device-filesystem.ts';
import { Epolls, type Watched } from './epolls.ts';
import { EventFileSystem, type EventTime } from './event-filesystem.ts';
import { POLLIN } from './flags.ts';
import { PipeFileSystem } from './pipe-filesystem.ts';
import { eventChannel, Polling, socketChannel } from './polling.ts';
import { SocketFileSystem } from './socket-filesystem.ts';

export interface PollableParts {
  readonly root: RootState;
  readonly time: EventTime;
  readonly devices: DeviceFileSystem;
  /** A description by its index. */
  readonly openedAt: (description: number) => Opened | undefined;
}

export interface Pollable {
  readonly pipes: PipeFileSystem;
  readonly sockets: SocketFileSystem;
  readonly eventFiles: EventFileSystem;
  readonly polling: Polling;
  readonly epolls: Epolls;
}

export function assemblePollable({ root, time, devices, openedAt }: PollableParts): Pollable {
  const { pipes: pipesState, sockets: socketsState, events } = root.files;
  const changed = (channel: string, what: number): void => {
    wake(root, channel);
    epolls.tell(channel, what);
  };
  const pipes = new PipeFileSystem(pipesState, (key, what) => changed(pipeChannel(key), what));
  const sockets = new SocketFileSystem(socketsState, (key, what) => changed(socketChannel(key), what));
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
  return { pipes, sockets, eventFiles, polling, epolls };
}
