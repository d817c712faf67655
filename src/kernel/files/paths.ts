/**
 * From a path to a file: component by component, every link resolved here, so that nothing leads out of the
 * guest's root (path_resolution(7)).
 */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { ProcessState } from '../state.ts';
import type { FileStat } from './contract.ts';
import { AT_FDCWD, isDirectory, isLink, LINKS_MAX, NAME_MAX, PATH_MAX, X_OK } from './flags.ts';
import type { Mounts, Place } from './mounts.ts';
import { permits } from './permissions.ts';

/** What a path leads to. */
export interface Found {
  /** The directory that the last component is in. */
  readonly parent: Place;
  /** The last component; empty when the path ends in `.`, `..` or is `/`, which are never made or removed. */
  readonly name: string;
  /** `undefined`: there is no such entry, but everything before it exists. */
  readonly entry: { readonly place: Place; readonly stat: FileStat } | undefined;
  /** The path ended in a slash, so only a directory will do. */
  readonly directoryOnly: boolean;
}

/**
 * What happens to a link at the end. `keep` follows it all the same when a slash comes behind it; `name` never
 * does and leaves the slash to the caller, as what makes and removes names wants it.
 */
export type LastLink = 'follow' | 'keep' | 'name';

/** Where relative paths start: the file behind a descriptor. */
export interface Directories {
  place(process: ProcessState, descriptor: number): Place | undefined;
  /** The same if it is a directory: EBADF, ENOTDIR. */
  directoryOf(process: ProcessState, descriptor: number): Place | Result;
}

interface Walk {
  readonly pending: string[];
  readonly lastLink: LastLink;
  links: number;
  directoryOnly: boolean;
  /** Of the place that has been reached, when it was looked at already. */
  stat: FileStat | undefined;
}

export class Paths {
  readonly #mounts: Mounts;
  readonly #directories: Directories;

  constructor(mounts: Mounts, directories: Directories) {
    this.#mounts = mounts;
    this.#directories = directories;
  }

  /** Resolves `path` from a directory descriptor or AT_FDCWD. An empty path is ENOENT. */
  resolve(process: ProcessState, directory: number, path: string, lastLink: LastLink): Found | Result {
    if (path === '') return Errno.ENOENT;
    if (path.length >= PATH_MAX) return Errno.ENAMETOOLONG;
    if (path.startsWith('/')) return this.#walk(this.#mounts.root, path, lastLink);
    const start = this.start(process, directory);
    return typeof start === 'number' ? start : this.#walk(start, path, lastLink);
  }

  /** As `resolve`, for what must exist. */
  existing(
    process: ProcessState,
    directory: number,
    path: string,
    lastLink: LastLink,
  ): { place: Place; stat: FileStat } | Result {
    const found = this.resolve(process, directory, path, lastLink);
    if (typeof found === 'number') return found;
    return found.entry ?? Errno.ENOENT;
  }

  /** The file behind a descriptor, or the working directory. */
  behind(process: ProcessState, descriptor: number): Place | Result {
    if (descriptor === AT_FDCWD) return this.start(process, descriptor);
    return this.#directories.place(process, descriptor) ?? Errno.EBADF;
  }

  /** The directory that relative paths start from. */
  start(process: ProcessState, directory: number): Place | Result {
    if (directory !== AT_FDCWD) return this.#directories.directoryOf(process, directory);
    if (process.directory.path === '/') return this.#mounts.root;
    const found = this.#walk(this.#mounts.root, process.directory.path, 'keep');
    if (typeof found === 'number') return found;
    return found.entry?.place ?? Errno.ENOENT;
  }

  #walk(start: Place, path: string, lastLink: LastLink): Found | Result {
    const walk: Walk = { pending: [], lastLink, links: 0, directoryOnly: false, stat: undefined };
    push(walk, path);
    let at = start;
    let found: Found = { parent: at, name: '', entry: undefined, directoryOnly: false };
    while (walk.pending.length > 0) {
      const name = walk.pending.pop()!;
      const refusal = this.#enter(at, walk.stat, name);
      if (refusal < 0) return refusal;
      walk.stat = undefined;
      if (name === '.' || name === '..') {
        if (name === '..') at = this.#mounts.parent(at);
        found = { parent: at, name: '', entry: undefined, directoryOnly: true };
        continue;
      }
      const child = this.#mounts.lookup(at, name);
      if (typeof child === 'number') {
        if (child !== Errno.ENOENT || walk.pending.length > 0) return child;
        return { parent: at, name, entry: undefined, directoryOnly: walk.directoryOnly };
      }
      if (isLink(child.stat.mode) && (walk.pending.length > 0 || followsLast(walk))) {
        const next = this.#follow(walk, at, child.place);
        if (typeof next === 'number') return next;
        at = next;
        found = { parent: at, name: '', entry: undefined, directoryOnly: walk.directoryOnly };
        continue;
      }
      found = { parent: at, name, entry: child, directoryOnly: walk.directoryOnly };
      at = child.place;
      walk.stat = child.stat;
    }
    return this.#finish(found, at, walk);
  }

  /** Whether a component can be looked up in `at`. */
  #enter(at: Place, known: FileStat | undefined, name: string): Result {
    const stat = known ?? this.#mounts.stat(at);
    if (typeof stat === 'number') return stat;
    if (!isDirectory(stat.mode)) return Errno.ENOTDIR;
    if (!permits(stat, X_OK)) return Errno.EACCES;
    // A name is at least as many bytes as it has UTF-16 units, and seldom near the limit.
    const long =
      name.length > NAME_MAX ||
      (name.length * 3 > NAME_MAX && new TextEncoder().encode(name).length > NAME_MAX);
    return long ? Errno.ENAMETOOLONG : 0;
  }

  /** Puts a link's text before what is left of the path; the place to go on from. */
  #follow(walk: Walk, at: Place, link: Place): Place | Result {
    if (++walk.links > LINKS_MAX) return Errno.ELOOP;
    const system = this.#mounts.of(link);
    const jump = system.jump(link.key);
    if (jump !== undefined) return jump;
    const target = system.readLink(link.key);
    if (typeof target === 'number') return target;
    if (target === '') return Errno.ENOENT;
    push(walk, target);
    return target.startsWith('/') ? this.#mounts.root : at;
  }

  #finish(found: Found, at: Place, walk: Walk): Found | Result {
    const stat = found.entry?.stat ?? this.#mounts.stat(at);
    if (typeof stat === 'number') return stat;
    const directoryOnly = found.directoryOnly || walk.directoryOnly;
    if (directoryOnly && walk.lastLink !== 'name' && !isDirectory(stat.mode)) return Errno.ENOTDIR;
    return { ...found, entry: found.entry ?? { place: at, stat }, directoryOnly };
  }
}

const followsLast = ({ lastLink, directoryOnly }: Walk) =>
  lastLink === 'follow' || (lastLink === 'keep' && directoryOnly);

/** Adds a path's components in front of those still to be walked. */
function push(walk: Walk, path: string): void {
  const parts = path.split('/').filter((part) => part !== '');
  const isLast = walk.pending.length === 0;
  if (isLast && path.endsWith('/')) walk.directoryOnly = true;
  for (let i = parts.length - 1; i >= 0; i--) walk.pending.push(parts[i]!);
}
