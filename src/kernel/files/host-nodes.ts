/**
 * FIFOs and AF_UNIX sockets that have their name in a directory of the host. What is behind them is in the machine, so
 * they are too: inodes in memory whose names lie over the host's directories, until they are removed or the run ends.
 * The host, and whoever looks at it, sees nothing of them.
 */
import type { Found } from './filesystem.ts';
import { entryType } from './flags.ts';
import type { MemoryFileSystem } from './memory-filesystem.ts';
import type { DirectoryEntry } from './state.ts';

export class HostNodes {
  readonly #nodes: Record<string, string>;
  readonly #memory: MemoryFileSystem;

  /** @param nodes path on the host to inode, which it acts on */
  constructor(nodes: Record<string, string>, memory: MemoryFileSystem) {
    this.#nodes = nodes;
    this.#memory = memory;
  }

  find(path: string): Found | undefined {
    const key = this.#nodes[path];
    return key === undefined ? undefined : { mount: 'memory', key, stat: this.#memory.stat(key) };
  }

  /** @param mode with the type @returns its inode */
  make(path: string, mode: number): string {
    const key = this.#memory.createNode(mode);
    this.#nodes[path] = key;
    return key;
  }

  /** Takes a name away; false when it is none of these. */
  remove(path: string): boolean {
    const key = this.#nodes[path];
    if (key === undefined) return false;
    delete this.#nodes[path];
    this.#memory.dropNode(key);
    return true;
  }

  /** A node, or a directory with nodes in it, has another path. */
  moved(from: string, to: string): void {
    for (const [path, key] of Object.entries(this.#nodes)) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      delete this.#nodes[path];
      this.#nodes[to + path.slice(from.length)] = key;
    }
  }

  /** The nodes in a directory. */
  in(directory: string): DirectoryEntry[] {
    const start = directory === '/' ? directory : `${directory}/`;
    return Object.entries(this.#nodes).flatMap(([path, key]) => {
      const name = path.slice(start.length);
      if (!path.startsWith(start) || name.includes('/')) return [];
      return [{ name, inode: Number(key), type: entryType(this.#memory.stat(key).mode) }];
    });
  }
}
