/** Sockets and epolls are state like any other: a clone of it goes on by itself. */
import { expect, it } from 'vitest';
import { MemoryFiles } from '../../../src/adapters/memory-files.ts';
import { MemoryStreams } from '../../../src/adapters/memory-streams.ts';
import { KernelFiles } from '../../../src/kernel/files/files.ts';
import type { RootState } from '../../../src/kernel/state.ts';
import { testRoot } from '../root.ts';

const EPOLLIN = 1;

const filesOf = (root: RootState): KernelFiles =>
  new KernelFiles({ root, host: new MemoryFiles(), streams: new MemoryStreams(), frames: 8 });

function read(files: KernelFiles, root: RootState, descriptor: number): string {
  const buffer = new Uint8Array(100);
  const count = files.read(root.processes[0]!, descriptor, buffer);
  return new TextDecoder().decode(buffer.subarray(0, Math.max(0, count)));
}

it('a clone has what was under way, and nothing of what came later', () => {
  const { root } = testRoot();
  const files = filesOf(root);
  const process = root.processes[0]!;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const [a, b] = files.sockets.pair(process, 'stream', 0) as [number, number];
  const server = files.sockets.create(process, 'inet', 'stream', 0);
  files.sockets.bind(process, server, { domain: 'inet', host: '7f000001', port: 5000 });
  files.sockets.listen(process, server, 5);
  const epoll = files.events.createEpoll(process, 0);
  for (const descriptor of [b, server]) {
    const request = { operation: 'add', descriptor, events: EPOLLIN, data: BigInt(descriptor) } as const;
    expect(files.events.control(process, epoll, request)).toBe(0);
  }
  files.write(process, a, bytes('before'));

  const later = structuredClone(root);
  files.write(process, a, bytes(' after'));
  expect(read(files, root, b)).toBe('before after');

  const resumed = filesOf(later);
  const same = later.processes[0]!;
  expect(resumed.events.collect(same, epoll, 4)).toEqual([{ events: EPOLLIN, data: BigInt(b) }]);
  expect(read(resumed, later, b)).toBe('before');
  const client = resumed.sockets.create(same, 'inet', 'stream', 0);
  expect(resumed.sockets.connect(same, client, { domain: 'inet', host: '7f000001', port: 5000 })).toBe(0);
  expect(resumed.events.collect(same, epoll, 4)).toEqual([{ events: EPOLLIN, data: BigInt(server) }]);
  expect(files.events.queued(process, epoll)).toBe(1);
  expect(files.events.collect(process, epoll, 4)).toEqual([]);
});
