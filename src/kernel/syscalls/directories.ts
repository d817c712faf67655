/** Reading directories, and the working one. */
import { Errno } from '../errno.ts';
import type { DirectoryEntry } from '../files/state.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext, SystemCall } from './contract.ts';

export const directoryCalls: readonly SystemCall[] = [
  { number: 17, name: 'getcwd', arguments: ['buffer-out', 'size'], handle: getcwd },
  { number: 61, name: 'getdents64', arguments: ['fd', 'pointer', 'size'], handle: getdents64 },
  { number: 166, name: 'umask', arguments: ['mode'], handle: umask },
];

function getcwd(call: CallContext): Result {
  const bytes = new TextEncoder().encode(`${call.process.directory.path}\0`);
  if (call.size(1) < bytes.length) return Errno.ERANGE;
  call.user.write(call.address(0), bytes);
  return bytes.length;
}

/** At most so much is given by one call, so that it needs few pages at a time. */
const MOST_ENTRIES_BYTES = 4096;

function getdents64(call: CallContext): Result {
  const listed = call.files.descriptors.list(call.process, call.int(0));
  if (typeof listed === 'number') return listed;
  const { description, entries } = listed;
  const limit = Math.min(call.uint(2), MOST_ENTRIES_BYTES);
  const out = new Uint8Array(limit);
  let [used, next] = [0, description.position];
  for (; next < entries.length; next++) {
    const bytes = entryBytes(entries[next]!, next + 1);
    if (used + bytes.length > limit) break;
    out.set(bytes, used);
    used += bytes.length;
  }
  if (used === 0) return next < entries.length ? Errno.EINVAL : 0;
  call.user.write(call.address(1), out.subarray(0, used));
  description.position = next;
  return used;
}

/** struct linux_dirent64; `next` is the position behind the entry. */
function entryBytes(entry: DirectoryEntry, next: number): Uint8Array {
  const name = new TextEncoder().encode(entry.name);
  const bytes = new Uint8Array(Math.ceil((19 + name.length + 1) / 8) * 8);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(entry.inode)), true);
  view.setBigUint64(8, BigInt(next), true);
  view.setUint16(16, bytes.length, true);
  bytes[18] = entry.type;
  bytes.set(name, 19);
  return bytes;
}

function umask(call: CallContext): Result {
  const old = call.process.directory.umask;
  call.process.directory.umask = call.uint(0) & 0o777;
  return old;
}
