/** A filesystem of files without names: pipes, sockets, eventfds. A key is the file's number. */
import { Errno } from '../errno.ts';
import type { Result } from '../memory/contract.ts';
import type { FileStat } from './contract.ts';
import { FixedFileSystem, type Found, type Space } from './filesystem.ts';
import { GUEST_GID, GUEST_UID } from './flags.ts';
import type { DirectoryEntry } from './state.ts';

export abstract class NamelessFileSystem extends FixedFileSystem {
  readonly rootKey = '';
  readonly #device: number;
  readonly #mode: number;
  readonly #magic: number;

  /** @param device st_dev @param mode st_mode @param magic of the filesystem, as statfs(2) tells it */
  constructor(device: number, mode: number, magic: number) {
    super();
    this.#device = device;
    this.#mode = mode;
    this.#magic = magic;
  }

  override seekable(_key: string): boolean {
    return false;
  }

  lookup(_directory: string, _name: string): Found | Result {
    return Errno.ENOENT;
  }

  list(_key: string): DirectoryEntry[] | Result {
    return Errno.ENOTDIR;
  }

  stat(key: string): FileStat {
    return {
      device: this.#device,
      inode: Number(key),
      mode: this.#mode,
      links: 1,
      uid: GUEST_UID,
      gid: GUEST_GID,
      rdevice: 0,
      size: 0,
      blocks: 0,
      accessed: 0n,
      modified: 0n,
      changed: 0n,
    };
  }

  space(): Space {
    return { type: this.#magic, blockSize: 4096, blocks: 0, free: 0, files: 0 };
  }
}
