/** Numbers of the Linux interface that files need: asm-generic values, which RISC-V uses (fcntl.h, stat.h). */
export const O_ACCMODE = 0o3;
export const O_RDONLY = 0o0;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_NOCTTY = 0o400;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_NONBLOCK = 0o4000;
export const O_DSYNC = 0o10000;
export const O_ASYNC = 0o20000;
export const O_DIRECT = 0o40000;
export const O_LARGEFILE = 0o100000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;
export const O_NOATIME = 0o1000000;
export const O_CLOEXEC = 0o2000000;
export const O_SYNC = 0o4010000;
export const O_PATH = 0o10000000;
/** The bit of its own; the flag as a program passes it includes O_DIRECTORY. */
export const O_TMPFILE_BIT = 0o20000000;

/** Every flag that open(2) takes here. O_ASYNC is not among them: no SIGIO is sent. */
export const OPEN_FLAGS =
  O_ACCMODE |
  O_CREAT |
  O_EXCL |
  O_NOCTTY |
  O_TRUNC |
  O_APPEND |
  O_NONBLOCK |
  O_DIRECT |
  O_LARGEFILE |
  O_DIRECTORY |
  O_NOFOLLOW |
  O_NOATIME |
  O_CLOEXEC |
  O_SYNC |
  O_PATH |
  O_TMPFILE_BIT;
/** What F_SETFL can change. */
export const SETTABLE_FLAGS = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** For faccessat2; the same bit as AT_REMOVEDIR. */
export const AT_EACCESS = 0x200;
export const AT_REMOVEDIR = 0x200;
export const AT_SYMLINK_FOLLOW = 0x400;
export const AT_NO_AUTOMOUNT = 0x800;
export const AT_EMPTY_PATH = 0x1000;
/** AT_STATX_FORCE_SYNC and AT_STATX_DONT_SYNC. */
export const AT_STATX_SYNC_TYPE = 0x6000;

export const S_IFMT = 0o170000;
export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFDIR = 0o040000;
export const S_IFBLK = 0o060000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFSOCK = 0o140000;

export const SEEK_SET = 0;
export const SEEK_CUR = 1;
export const SEEK_END = 2;
export const SEEK_DATA = 3;
export const SEEK_HOLE = 4;

export const R_OK = 4;
export const W_OK = 2;
export const X_OK = 1;

export const RENAME_NOREPLACE = 1;
export const RENAME_EXCHANGE = 2;

export const FALLOC_FL_KEEP_SIZE = 1;
export const FALLOC_FL_PUNCH_HOLE = 2;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;
export const POLLNVAL = 32;
export const POLLRDNORM = 64;
export const POLLWRNORM = 256;
export const POLLRDHUP = 0x2000;

export const NAME_MAX = 255;
/** With the terminating zero. */
export const PATH_MAX = 4096;
export const LINKS_MAX = 40;

/** The guest's one user and group: every process runs as them, and files of whoever runs the system are theirs. */
export const GUEST_UID = 1000;
export const GUEST_GID = 1000;

export const isDirectory = (mode: number) => (mode & S_IFMT) === S_IFDIR;
export const isLink = (mode: number) => (mode & S_IFMT) === S_IFLNK;
export const isSocket = (mode: number) => (mode & S_IFMT) === S_IFSOCK;
export const isFifo = (mode: number) => (mode & S_IFMT) === S_IFIFO;
export const isRegular = (mode: number) => (mode & S_IFMT) === S_IFREG;
/** DT_* of getdents64(2) for a mode. */
export const entryType = (mode: number) => (mode & S_IFMT) >>> 12;
