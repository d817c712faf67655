/** Arguments of sockets, epoll, eventfd and timerfd, and what they answer; what sockets do is in sockets.test.ts. */
import {
  BAD,
  BAD_TIME,
  BUF,
  type Case,
  CLOSED,
  GOOD_TIME,
  PIPE_OUT,
  READ_ONLY,
  SET,
  ZEROS,
} from './argument-guest.ts';

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const STREAM = 1;
const DATAGRAM = 2;
const CLOEXEC_NONBLOCK = 0o2004000;

export const sockets: Case[] = [
  ['socket', [AF_UNIX, STREAM, 0], '9'],
  ['socket', [AF_INET, STREAM | CLOEXEC_NONBLOCK, 6], '9'],
  ['socket', [AF_INET6, DATAGRAM, 17], '9'],
  ['socket', [AF_INET, STREAM, 17], 'EPROTONOSUPPORT'],
  ['socket', [AF_INET, 3, 0], 'ESOCKTNOSUPPORT'],
  ['socket', [AF_INET, 11, 0], 'EINVAL'],
  ['socket', [AF_INET, STREAM | 0x100000, 0], 'EINVAL'],
  ['socket', [16, STREAM, 0], 'EAFNOSUPPORT'],
  ['socketpair', [AF_UNIX, STREAM, 0, BUF], '0'],
  ['socketpair', [AF_UNIX, DATAGRAM, 0, BUF], '0'],
  ['socketpair', [AF_INET, STREAM, 0, BUF], 'EOPNOTSUPP'],
  ['socketpair', [AF_UNIX, STREAM, 0, BAD], 'EFAULT'],
  ['socketpair', [77, STREAM, 0, BUF], 'EAFNOSUPPORT'],
  ['bind', [READ_ONLY, ZEROS, 16], 'ENOTSOCK'],
  ['bind', [CLOSED, ZEROS, 16], 'EBADF'],
  ['listen', [PIPE_OUT, 5], 'ENOTSOCK'],
  ['accept', [CLOSED, 0, 0], 'EBADF'],
  ['accept4', [READ_ONLY, 0, 0, 0], 'ENOTSOCK'],
  ['connect', [READ_ONLY, ZEROS, 16], 'ENOTSOCK'],
  ['getsockname', [READ_ONLY, BUF, BUF], 'ENOTSOCK'],
  ['getpeername', [CLOSED, BUF, BUF], 'EBADF'],
  ['sendto', [READ_ONLY, BUF, 5, 0, 0, 0], 'ENOTSOCK'],
  ['recvfrom', [READ_ONLY, BUF, 5, 0, 0, 0], 'ENOTSOCK'],
  ['setsockopt', [READ_ONLY, 1, 2, BUF, 4], 'ENOTSOCK'],
  ['getsockopt', [CLOSED, 1, 2, BUF, BUF], 'EBADF'],
  ['shutdown', [PIPE_OUT, 1], 'ENOTSOCK'],
  ['sendmsg', [CLOSED, BUF, 0], 'EBADF'],
  ['recvmsg', [READ_ONLY, BUF, 0], 'ENOTSOCK'],
  ['sendmmsg', [CLOSED, BUF, 1, 0], 'EBADF'],
  ['recvmmsg', [READ_ONLY, BUF, 1, 0, 0], 'ENOTSOCK'],
];

export const events: Case[] = [
  ['eventfd2', [7, CLOEXEC_NONBLOCK | 1], '9'],
  ['eventfd2', [7, 2], 'EINVAL'],
  ['epoll_create1', [0o2000000], '9'],
  ['epoll_create1', [1], 'EINVAL'],
  ['epoll_ctl', [CLOSED, 1, PIPE_OUT, BUF], 'EBADF'],
  ['epoll_ctl', [PIPE_OUT, 1, CLOSED, BUF], 'EBADF'],
  ['epoll_ctl', [PIPE_OUT, 1, READ_ONLY, BUF], 'EPERM'],
  ['epoll_ctl', [READ_ONLY, 1, PIPE_OUT, BUF], 'EINVAL'],
  ['epoll_ctl', [READ_ONLY, 1, PIPE_OUT, BAD], 'EFAULT'],
  ['epoll_pwait', [CLOSED, BUF, 1, 0, 0, 0], 'EBADF'],
  ['epoll_pwait', [PIPE_OUT, BUF, 1, 0, 0, 0], 'EINVAL'],
  ['epoll_pwait', [PIPE_OUT, BUF, 0, 0, 0, 0], 'EINVAL'],
  ['epoll_pwait', [PIPE_OUT, BUF, 1, 0, SET, 4], 'EINVAL'],
  ['epoll_pwait2', [PIPE_OUT, BUF, 1, GOOD_TIME, 0, 0], 'EINVAL'],
  ['epoll_pwait2', [PIPE_OUT, BUF, 1, BAD_TIME, 0, 0], 'EINVAL'],
  ['timerfd_create', [1, CLOEXEC_NONBLOCK], '9'],
  ['timerfd_create', [1, 1], 'EINVAL'],
  ['timerfd_create', [2, 0], 'EINVAL'],
  ['timerfd_create', [9, 0], 'EPERM'],
  ['timerfd_settime', [CLOSED, 0, ZEROS, 0], 'EBADF'],
  ['timerfd_settime', [PIPE_OUT, 0, ZEROS, 0], 'EINVAL'],
  ['timerfd_settime', [PIPE_OUT, 4, ZEROS, 0], 'EINVAL'],
  ['timerfd_settime', [PIPE_OUT, 0, BAD, 0], 'EFAULT'],
  ['timerfd_gettime', [PIPE_OUT, BUF], 'EINVAL'],
];
