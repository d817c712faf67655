/**
 * Files that are open or mapped, each once however often it was opened: what descriptions and areas refer to.
 * An entry's number is the file's ObjectId, so memory's page cache and read(2) agree about which file is which.
 */

import { PAGE_SIZE } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { BackingObjects, Result, VirtualMemory } from '../memory/contract.ts';
import type { ObjectId } from '../state.ts';
import type { Node } from './filesystem.ts';
import { isRegular } from './flags.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import type { Mounts, Place } from './mounts.ts';
import type { Description, FileRecord, FilesState, ObjectRecord } from './state.ts';

/** Memory's page cache, as far as files must keep in step with it. */
export type PageCache = Pick<
  VirtualMemory,
  'objectTruncated' | 'readThroughCache' | 'writeThroughCache' | 'synchronizeObject'
>;

export class FileTable implements BackingObjects {
  readonly #state: FilesState;
  readonly #mounts: Mounts;
  readonly #nameless: MemoryFileSystem;
  #cache: PageCache | undefined;

  constructor(state: FilesState, mounts: Mounts, nameless: MemoryFileSystem) {
    this.#state = state;
    this.#mounts = mounts;
    this.#nameless = nameless;
  }

  /** Virtual memory is made after the files that it maps. */
  connect(cache: PageCache): void {
    this.#cache = cache;
  }

  /** The entry for a file, made if there is none yet. */
  enter(place: Place): ObjectId {
    const known = this.#state.byNode[nodeName(place)];
    if (known !== undefined) return known;
    const id = this.#add({ kind: 'file', ...place, descriptions: 0, mappings: 0 });
    this.#state.byNode[nodeName(place)] = id;
    this.#mounts.of(place).hold(place.key);
    return id;
  }

  enterShared(path: string, bytes: number): ObjectId {
    return this.#add({ kind: 'shared', path, bytes, mappings: 0 });
  }

  /** The entry of a file by number. Asking for one that is not there is a bug. */
  file(id: ObjectId): FileRecord {
    const record = this.#record(id);
    if (record.kind !== 'file') throw new Error(`invariant broken: object ${id} is no file`);
    return record;
  }

  /** One more (1) or one fewer (-1) description of the file. */
  count(id: ObjectId, change: 1 | -1): void {
    const record = this.file(id);
    record.descriptions += change;
    this.#settle(id, record);
  }

  retain(object: ObjectId): void {
    this.#record(object).mappings++;
  }

  release(object: ObjectId): void {
    const record = this.#record(object);
    record.mappings--;
    this.#settle(object, record);
  }

  size(object: ObjectId): number {
    const record = this.#record(object);
    if (record.kind === 'shared') return record.bytes;
    const stat = this.#mounts.stat(record);
    return typeof stat === 'number' ? 0 : stat.size;
  }

  path(object: ObjectId): string {
    return this.#record(object).path;
  }

  isAnonymous(object: ObjectId): boolean {
    return this.#record(object).kind === 'shared';
  }

  isForgotten(object: ObjectId): boolean {
    const record = this.#record(object);
    if (record.kind === 'shared' || record.descriptions > 0) return record.kind === 'shared';
    const stat = this.#mounts.stat(record);
    return typeof stat === 'object' && stat.links === 0;
  }

  readPage(object: ObjectId, index: number, into: Uint8Array): boolean {
    const record = this.#record(object);
    if (record.kind === 'shared') {
      into.fill(0);
      return true;
    }
    const count = fill(
      (at, part) => this.#mounts.of(record).read(record.key, index * PAGE_SIZE + at, part),
      into,
    );
    if (count < 0) return false;
    into.fill(0, count);
    return true;
  }

  writePage(object: ObjectId, index: number, from: Uint8Array): boolean {
    const record = this.#record(object);
    if (record.kind === 'shared') return false;
    const bytes = Math.min(PAGE_SIZE, this.size(object) - index * PAGE_SIZE);
    if (bytes <= 0) return true;
    const written = this.#mounts.of(record).write(record.key, index * PAGE_SIZE, from.subarray(0, bytes));
    if (written === bytes) return true;
    record.writeErrors = (record.writeErrors ?? 0) + 1;
    return false;
  }

  /** fsync(2): pages of it in memory that are newer, then what the host holds back, then whether all ever went well. */
  synchronize(description: Description): Result {
    const { file } = description;
    const record = this.file(file);
    if (record.mappings > 0) this.#cache?.synchronizeObject(file);
    const result = this.#mounts.of(record).synchronize(record.key);
    return result < 0 ? result : this.takeWriteError(description);
  }

  /** EIO, once for each description, when a page of its file could not be written since it was opened or was last told. */
  takeWriteError(description: Description): Result {
    const { writeErrors = 0 } = this.file(description.file);
    if (writeErrors === (description.writeErrorsSeen ?? 0)) return 0;
    description.writeErrorsSeen = writeErrors;
    return Errno.EIO;
  }

  /** Bytes of a file as read(2) sees them: pages in memory may be newer than the file. */
  read(id: ObjectId, record: FileRecord, offset: number, into: Uint8Array): Result {
    const count = this.#mounts.of(record).read(record.key, offset, into);
    if (count > 0 && record.mappings > 0) this.#cache?.readThroughCache(id, offset, into.subarray(0, count));
    return count;
  }

  write(id: ObjectId, record: FileRecord, offset: number, from: Uint8Array): Result {
    const count = this.#mounts.of(record).write(record.key, offset, from);
    if (count > 0 && record.mappings > 0) this.#cache?.writeThroughCache(id, offset, from.subarray(0, count));
    return count;
  }

  /** ftruncate(2) and truncate(2): memory's pages beyond the new end go first. */
  truncate(node: Node, size: number): Result {
    const id = this.#state.byNode[nodeName(node)];
    const isMapped = id !== undefined && this.file(id).mappings > 0;
    const result = this.#mounts.of(node).truncate(node.key, size);
    if (result >= 0 && isMapped) this.#cache?.objectTruncated(id, size);
    return result;
  }

  /** A hole was made in the file: memory's pages over it are zeroed as well. */
  cleared(node: Node, offset: number, length: number): void {
    const id = this.#state.byNode[nodeName(node)];
    if (id === undefined || this.file(id).mappings === 0) return;
    this.#cache?.writeThroughCache(id, offset, new Uint8Array(length));
  }

  /**
   * A name of `node` is about to go for good. A host file that is still open would go with it, so its contents
   * move into memory first; EBUSY when they do not fit there.
   */
  beforeRemoval(node: Node): Result {
    const id = this.#state.byNode[nodeName(node)];
    if (id === undefined || node.mount !== 'host') return 0;
    const record = this.file(id);
    if (record.descriptions === 0 && record.mappings === 0) return 0;
    const stat = this.#mounts.stat(node);
    if (typeof stat === 'number' || !isRegular(stat.mode)) return 0;
    const bytes = new Uint8Array(stat.size);
    const count = fill((at, part) => this.read(id, record, at, part), bytes);
    if (count < 0) return count;
    const key = this.#nameless.createNameless(stat.mode, bytes.subarray(0, count));
    if (typeof key === 'number') return Errno.EBUSY;
    delete this.#state.byNode[nodeName(node)];
    record.mount = 'memory';
    record.key = key;
    record.path += DELETED;
    this.#state.byNode[nodeName(record)] = id;
    this.#nameless.hold(key);
    return 0;
  }

  /** The name of `node` has gone: forgets a file that nobody has open or mapped. */
  afterRemoval(node: Node): void {
    const id = this.#state.byNode[nodeName(node)];
    if (id === undefined) return;
    const record = this.file(id);
    const stat = this.#mounts.stat(record);
    if (typeof stat === 'object' && stat.links === 0 && !record.path.endsWith(DELETED))
      record.path += DELETED;
    this.#settle(id, record);
  }

  /** A file or directory has a new path, and so has everything in it; on the host that is its key too. */
  moved(from: Place, to: string): void {
    for (const [id, record] of Object.entries(this.#state.objects)) {
      if (record.kind !== 'file' || !isAtOrIn(record.path, from.path)) continue;
      record.path = to + record.path.slice(from.path.length);
      if (record.mount !== 'host' || !isAtOrIn(record.key, from.key)) continue;
      delete this.#state.byNode[nodeName(record)];
      record.key = to + record.key.slice(from.key.length);
      this.#state.byNode[nodeName(record)] = Number(id);
    }
  }

  #add(record: ObjectRecord): ObjectId {
    const id = this.#state.nextObject++;
    this.#state.objects[id] = record;
    return id;
  }

  #record(id: ObjectId): ObjectRecord {
    const record = this.#state.objects[id];
    if (record === undefined) throw new Error(`invariant broken: object ${id} is gone`);
    return record;
  }

  /** Forgets an entry that nothing refers to. */
  #settle(id: ObjectId, record: ObjectRecord): void {
    if (record.mappings > 0) return;
    if (record.kind === 'file') {
      if (record.descriptions > 0) return;
      delete this.#state.byNode[nodeName(record)];
      this.#mounts.of(record).letGo(record.key);
    }
    delete this.#state.objects[id];
  }
}

const DELETED = ' (deleted)';

const nodeName = (node: Node): string => `${node.mount}:${node.key}`;

const isAtOrIn = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(`${directory}/`);

/** Reads until `into` is full or the end comes; the count, or the error of the first read. */
function fill(read: (at: number, part: Uint8Array) => Result, into: Uint8Array): Result {
  let done = 0;
  while (done < into.length) {
    const count = read(done, into.subarray(done));
    if (count < 0) return done === 0 ? count : done;
    if (count === 0) break;
    done += count;
  }
  return done;
}
