/** Which filesystem is where: the host's directory is `/`, and the system's own stand at names in it. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import type { FileSystem, Found, Node } from './filesystem.ts';
import { entryType } from './flags.ts';
import type { DirectoryEntry, MountName } from './state.ts';

/** A node and where it was found: its absolute path in the guest, without links, `.` and `..`. */
export interface Place extends Node {
  readonly path: string;
}

export class Mounts {
  readonly #systems: Readonly<Record<MountName, FileSystem>>;
  /** Name in `/` to the filesystem mounted there. */
  readonly #points: ReadonlyMap<string, FileSystem>;

  constructor(systems: Readonly<Record<MountName, FileSystem>>, points: ReadonlyMap<string, FileSystem>) {
    this.#systems = systems;
    this.#points = points;
  }

  get root(): Place {
    return { mount: 'host', key: '/', path: '/' };
  }

  /** The filesystem that a node is in. */
  of(node: Node): FileSystem {
    return this.#systems[node.mount];
  }

  stat(node: Node): FileStat | Result {
    return this.#systems[node.mount].stat(node.key);
  }

  /** An entry of a directory; mount points hide what the host has there. */
  lookup(directory: Place, name: string): { place: Place; stat: FileStat } | Result {
    const path = directory.path === '/' ? `/${name}` : `${directory.path}/${name}`;
    const mounted = this.isRoot(directory) ? this.#points.get(name) : undefined;
    const system = mounted ?? this.of(directory);
    const found = mounted === undefined ? system.lookup(directory.key, name) : rootOf(mounted);
    if (typeof found === 'number') return found;
    return { place: { mount: found.mount ?? system.name, key: found.key, path }, stat: found.stat };
  }

  /** `..`, which at the root stays there. */
  parent(directory: Place): Place {
    if (directory.path === '/') return this.root;
    const system = this.of(directory);
    if (directory.key === system.rootKey) return this.root;
    const path = directory.path.slice(0, Math.max(1, directory.path.lastIndexOf('/')));
    return { mount: directory.mount, key: system.parent(directory.key), path };
  }

  /** Entries with `.`, `..` and the mount points. */
  list(directory: Place): DirectoryEntry[] | Result {
    const entries = this.of(directory).list(directory.key);
    if (typeof entries === 'number') return entries;
    const dots: DirectoryEntry[] = [
      { name: '.', inode: this.#inode(directory), type: 4 },
      { name: '..', inode: this.#inode(this.parent(directory)), type: 4 },
    ];
    if (!this.isRoot(directory)) return [...dots, ...entries];
    const points = [...this.#points].map(([name, system]) => {
      const { stat } = rootOf(system) as Found;
      return { name, inode: stat.inode, type: entryType(stat.mode) };
    });
    return [...dots, ...entries.filter(({ name }) => !this.#points.has(name)), ...points];
  }

  isRoot(node: Node): boolean {
    return node.mount === 'host' && node.key === '/';
  }

  /** Whether a name is taken by a mount, which can't be removed or renamed. */
  isMountPoint(directory: Node, name: string): boolean {
    return this.isRoot(directory) && this.#points.has(name);
  }

  all(): readonly FileSystem[] {
    return Object.values(this.#systems);
  }

  #inode(node: Node): number {
    const stat = this.stat(node);
    return typeof stat === 'number' ? 1 : stat.inode;
  }
}

function rootOf(system: FileSystem): Found | Result {
  const stat = system.stat(system.rootKey);
  return typeof stat === 'number' ? Errno.EIO : { key: system.rootKey, stat };
}
