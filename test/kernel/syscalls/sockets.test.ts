/** Sockets by system calls: names and ports, waiting, what closing does. Results as on Linux, by its manual pages. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BASE } from './flat-memory.ts';
import { Guest } from './guest.ts';

const NAME = BASE + 0x1000;
const LENGTH = BASE + 0x1100;
const DATA = BASE + 0x2000;
const ENDS = BASE + 0x1200;
const HEADER = BASE + 0x1300;
const VECTOR = BASE + 0x1400;

const AF_UNIX = 1;
const AF_INET = 2;
const STREAM = 1;
const DATAGRAM = 2;
const NONBLOCK = 0o4000;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const MSG_WAITALL = 0x100;
const MSG_NOSIGNAL = 0x4000;
const [RD, WR] = [0, 1];
/** net.core.rmem_default */
const CAPACITY = 212_992;
/** The first port of ip_local_port_range. */
const FREE_PORT = 32_768;
const FIRST = 3;

let guest: Guest;
beforeEach(() => {
  guest = new Guest();
});

/** Puts a sockaddr_un, or with a number a sockaddr_in of 127.0.0.1; its length. */
function name(of: string | number, host = 0x7f00_0001): number {
  const view = guest.view(NAME);
  if (typeof of === 'number') {
    view.setUint16(0, AF_INET, true);
    view.setUint16(2, of);
    view.setUint32(4, host);
    return 16;
  }
  view.setUint16(0, AF_UNIX, true);
  const bytes = new TextEncoder().encode(of);
  guest.put(NAME + 2, new Uint8Array(108));
  guest.put(NAME + 2, bytes);
  return 2 + bytes.length;
}

const make = (domain: number, type: number): number => guest.call('socket', domain, type, 0) as number;

function listening(
  of: string | number,
  backlog: number,
  domain = typeof of === 'number' ? AF_INET : AF_UNIX,
): number {
  const socket = make(domain, STREAM);
  expect(guest.try('bind', socket, NAME, name(of))).toBe('0');
  expect(guest.try('listen', socket, backlog)).toBe('0');
  return socket;
}

const connect = (socket: number, of: string | number): string => guest.try('connect', socket, NAME, name(of));

function pair(type: number): [number, number] {
  expect(guest.try('socketpair', AF_UNIX, type, 0, ENDS)).toBe('0');
  return [guest.view(ENDS).getInt32(0, true), guest.view(ENDS).getInt32(4, true)];
}

function send(socket: number, text: string, flags = 0): string {
  guest.put(DATA, new TextEncoder().encode(text));
  return guest.try('sendto', socket, DATA, text.length, flags, 0, 0);
}

/** What was received, or the name of the error. */
function receive(socket: number, bytes: number, flags = 0): string {
  const count = guest.call('recvfrom', socket, DATA, bytes, flags, 0, 0);
  if (typeof count !== 'number') return count;
  return count < 0
    ? guest.try('recvfrom', socket, DATA, bytes, flags | MSG_DONTWAIT, 0, 0)
    : guest.text(DATA, count);
}

function option(socket: number, level: number, number: number): number {
  guest.view(LENGTH).setInt32(0, 4, true);
  expect(guest.try('getsockopt', socket, level, number, NAME, LENGTH)).toBe('0');
  return guest.view(NAME).getInt32(0, true);
}

function setOption(socket: number, level: number, number: number, value: number): string {
  guest.view(NAME).setInt32(0, value, true);
  return guest.try('setsockopt', socket, level, number, NAME, 4);
}

function portOf(socket: number): number {
  guest.view(LENGTH).setInt32(0, 16, true);
  expect(guest.try('getsockname', socket, NAME, LENGTH)).toBe('0');
  return guest.view(NAME).getUint16(2);
}

describe('a pair of streams', () => {
  it('gives bytes in order, and leaves those that were looked at only', () => {
    const [a, b] = pair(STREAM);
    send(a, 'one');
    send(a, 'two');
    expect(receive(b, 4, MSG_PEEK)).toBe('onet');
    expect(receive(b, 100)).toBe('onetwo');
    expect(receive(b, 1, MSG_DONTWAIT)).toBe('EAGAIN');
    expect(guest.call('read', b, DATA, 1)).toBe('sleeps');
  });

  it('takes what there is room for, and can be written to again when a third is free', () => {
    const [a, b] = pair(STREAM);
    guest.call('fcntl', a, 4, NONBLOCK);
    expect(guest.call('write', a, BASE, 150_000)).toBe(150_000);
    expect(guest.call('write', a, BASE, 150_000)).toBe(CAPACITY - 150_000);
    expect(guest.try('write', a, BASE, 1)).toBe('EAGAIN');
    // POLLOUT needs CAPACITY / 3 = 70,998 bytes of room.
    guest.call('read', b, BASE, 70_997);
    expect(poll(a)).toBe(0);
    guest.call('read', b, BASE, 1);
    expect(poll(a)).toBe(4);
  });

  it('MSG_WAITALL waits for all that was asked for', () => {
    const [a, b] = pair(STREAM);
    send(a, 'half');
    expect(guest.call('recvfrom', b, DATA, 8, MSG_WAITALL, 0, 0)).toBe('sleeps');
    expect(guest.text(DATA, 4)).toBe('half');
    // The call is begun again when there is more.
    const { root, files, process } = guest;
    expect(process.call?.done).toBe(4);
    files.write(root.processes[0]!, a, new TextEncoder().encode('more!'));
    expect(guest.call('recvfrom', b, DATA, 8, MSG_WAITALL, 0, 0)).toBe(8);
    expect(guest.text(DATA, 8)).toBe('halfmore');
  });

  it('tells the end after what was sent before it, and sends SIGPIPE', () => {
    const [a, b] = pair(STREAM);
    send(a, 'last');
    expect(guest.try('shutdown', a, WR)).toBe('0');
    expect(receive(b, 100)).toBe('last');
    expect(receive(b, 100)).toBe('');
    expect(send(a, 'x', MSG_NOSIGNAL)).toBe('EPIPE');
    expect(guest.asked).toEqual([]);
    expect(send(a, 'x')).toBe('EPIPE');
    expect(guest.asked.map(({ with: [signal] }) => signal)).toEqual([13]);
    expect(send(b, 'back')).toBe('4');
    expect(receive(a, 100)).toBe('back');
  });

  it('closed with bytes that nobody read, it resets the other end', () => {
    const [a, b] = pair(STREAM);
    send(a, 'unread');
    send(b, 'kept');
    guest.call('close', b);
    expect(receive(a, 100)).toBe('kept');
    expect(guest.try('read', a, DATA, 1)).toBe('ECONNRESET');
    expect(receive(a, 100)).toBe('');
  });

  it('shutting what is received shuts what the other end sends', () => {
    const [a, b] = pair(STREAM);
    expect(guest.try('shutdown', a, RD)).toBe('0');
    expect(send(b, 'x', MSG_NOSIGNAL)).toBe('EPIPE');
    expect(receive(a, 1)).toBe('');
  });

  it('takes control messages where they are', () => {
    const [a] = pair(STREAM);
    header(0, 8);
    expect(guest.try('sendmsg', a, HEADER, 0)).toBe('EFAULT');
  });
});

/** struct msghdr with one piece of `bytes` bytes at DATA. */
function header(bytes: number, control = 0): void {
  guest.put(HEADER, new Uint8Array(56));
  guest.view(HEADER).setBigUint64(16, BigInt(VECTOR), true);
  guest.view(HEADER).setBigUint64(24, 1n, true);
  guest.view(HEADER).setBigUint64(40, BigInt(control), true);
  guest.view(VECTOR).setBigUint64(0, BigInt(DATA), true);
  guest.view(VECTOR).setBigUint64(8, BigInt(bytes), true);
}

/** What poll(2) says of POLLIN, POLLOUT and POLLRDHUP. */
function poll(descriptor: number): number {
  guest.view(NAME).setInt32(0, descriptor, true);
  guest.view(NAME).setInt16(4, 0x2005, true);
  guest.put(LENGTH, new Uint8Array(16));
  guest.call('ppoll', NAME, 1, LENGTH, 0, 0);
  return guest.view(NAME).getUint16(6, true);
}

describe('names of AF_UNIX', () => {
  it('a pathname is a file, and goes only when it is removed', () => {
    const server = listening('/tmp/s', 5);
    expect(guest.try('openat', -100, '/tmp/s', 2)).toBe('ENXIO');
    expect(connect(make(AF_UNIX, STREAM), '/tmp/s')).toBe('0');
    expect(guest.try('bind', make(AF_UNIX, STREAM), NAME, name('/tmp/s'))).toBe('EADDRINUSE');
    guest.call('close', server);
    expect(connect(make(AF_UNIX, STREAM), '/tmp/s')).toBe('ECONNREFUSED');
    guest.call('unlinkat', -100, '/tmp/s', 0);
    expect(connect(make(AF_UNIX, STREAM), '/tmp/s')).toBe('ENOENT');
  });

  it('a pathname in a directory of the host is known here alone', () => {
    listening('/s', 5);
    expect(connect(make(AF_UNIX, STREAM), '/s')).toBe('0');
    expect(guest.try('openat', -100, '/s', 2)).toBe('ENXIO');
    expect(guest.try('unlinkat', -100, '/s', 0)).toBe('0');
    expect(connect(make(AF_UNIX, STREAM), '/s')).toBe('ENOENT');
  });

  it('other files are none', () => {
    guest.call('openat', -100, '/tmp/f', 0o102, 0o600);
    expect(connect(make(AF_UNIX, STREAM), '/tmp/f')).toBe('ECONNREFUSED');
  });

  it('an abstract name goes with its socket', () => {
    const server = listening('\0name', 5);
    expect(guest.try('bind', make(AF_UNIX, STREAM), NAME, name('\0name'))).toBe('EADDRINUSE');
    guest.call('close', server);
    expect(guest.try('bind', make(AF_UNIX, STREAM), NAME, name('\0name'))).toBe('0');
  });
});

describe.each(['/tmp/s', 5000])('connections to %s', (at) => {
  it('one more than the backlog wait; the next waits for room', () => {
    const server = listening(at, 1);
    const domain = typeof at === 'number' ? AF_INET : AF_UNIX;
    expect(connect(make(domain, STREAM), at)).toBe('0');
    expect(connect(make(domain, STREAM), at)).toBe('0');
    const third = make(domain, STREAM);
    expect(guest.call('connect', third, NAME, name(at))).toBe('sleeps');
    expect(guest.call('accept', server, 0, 0)).toBe(third + 1);
    expect(guest.call('connect', third, NAME, name(at))).toBe(0);
  });

  it('are refused when nobody listens any more, and reset when nobody accepted them', () => {
    const server = listening(at, 5);
    const domain = typeof at === 'number' ? AF_INET : AF_UNIX;
    const client = make(domain, STREAM);
    connect(client, at);
    guest.call('close', server);
    expect(guest.try('read', client, DATA, 1)).toBe('ECONNRESET');
    expect(connect(make(domain, STREAM), at)).toBe('ECONNREFUSED');
  });

  it('carry what was sent before they were accepted', () => {
    const server = listening(at, 5);
    const client = make(typeof at === 'number' ? AF_INET : AF_UNIX, STREAM);
    connect(client, at);
    send(client, 'early');
    guest.call('close', client);
    const accepted = guest.call('accept4', server, 0, 0, NONBLOCK) as number;
    expect(receive(accepted, 100)).toBe('early');
    expect(receive(accepted, 100)).toBe('');
  });
});

describe('TCP', () => {
  it('ports are given out in turn, and freed', () => {
    const [first, second] = [listening(0, 1), listening(0, 1)];
    expect([portOf(first), portOf(second)]).toEqual([FREE_PORT, FREE_PORT + 1]);
    const third = make(AF_INET, STREAM);
    expect(guest.try('bind', third, NAME, name(FREE_PORT))).toBe('EADDRINUSE');
    guest.call('close', first);
    expect(guest.try('bind', third, NAME, name(FREE_PORT))).toBe('0');
    expect(guest.try('bind', third, NAME, name(6000))).toBe('EINVAL');
  });

  it('hosts are those of the loopback interface, ports below 1024 are not for users', () => {
    const socket = make(AF_INET, STREAM);
    expect(guest.try('bind', socket, NAME, name(5000, 0x0808_0808))).toBe('EADDRNOTAVAIL');
    expect(guest.try('connect', socket, NAME, name(5000, 0x0808_0808))).toBe('ENETUNREACH');
    expect(guest.try('bind', socket, NAME, name(80))).toBe('EACCES');
    expect(guest.try('bind', socket, NAME, name(5000, 0x7f01_0203))).toBe('0');
  });

  it('SO_REUSEADDR lets a server take its port again while connections to it live on', () => {
    const server = listening(5000, 5);
    const client = make(AF_INET, STREAM);
    connect(client, 5000);
    guest.call('accept', server, 0, 0);
    guest.call('close', server);
    const next = make(AF_INET, STREAM);
    expect(guest.try('bind', next, NAME, name(5000))).toBe('EADDRINUSE');
    // The old server did not have it, so its connections do not either.
    setOption(next, 1, 2, 1);
    expect(guest.try('bind', next, NAME, name(5000))).toBe('EADDRINUSE');
  });

  it('a connection that is not waited for is under way', () => {
    listening(5000, 5);
    const socket = make(AF_INET, STREAM | NONBLOCK);
    expect(connect(socket, 5000)).toBe('EINPROGRESS');
    expect(poll(socket)).toBe(4);
    expect(connect(socket, 5000)).toBe('0');
    expect(connect(socket, 5000)).toBe('EISCONN');
    const refused = make(AF_INET, STREAM | NONBLOCK);
    expect(connect(refused, 1)).toBe('EINPROGRESS');
    // POLLIN, POLLOUT, POLLERR, POLLHUP, POLLRDHUP
    expect(poll(refused)).toBe(0x201d);
    // SO_ERROR: ECONNREFUSED, once.
    expect([option(refused, 1, 4), option(refused, 1, 4)]).toEqual([111, 0]);
  });

  it('a write to who has gone succeeds once, and brings the reset', () => {
    const server = listening(5000, 5);
    const client = make(AF_INET, STREAM);
    connect(client, 5000);
    guest.call('close', guest.call('accept', server, 0, 0) as number);
    expect(receive(client, 1)).toBe('');
    expect(send(client, 'x')).toBe('1');
    expect(send(client, 'x', MSG_NOSIGNAL)).toBe('EPIPE');
  });

  it('options are remembered, with the bounds that Linux has', () => {
    const socket = make(AF_INET, STREAM);
    expect(setOption(socket, 6, 1, 7)).toBe('0');
    expect(option(socket, 6, 1)).toBe(1);
    expect(setOption(socket, 6, 4, 0)).toBe('EINVAL');
    expect(setOption(socket, 1, 8, 5000)).toBe('0');
    expect(option(socket, 1, 8)).toBe(10_000);
    expect(setOption(socket, 1, 9999, 1)).toBe('ENOPROTOOPT');
    expect(setOption(make(AF_UNIX, STREAM), 6, 1, 1)).toBe('EOPNOTSUPP');
    // SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_ACCEPTCONN
    expect([3, 39, 38, 30].map((number) => option(socket, 1, number))).toEqual([1, 2, 6, 0]);
  });
});

describe('datagrams', () => {
  it('stay whole, and what has no room is lost', () => {
    const [a, b] = pair(DATAGRAM);
    send(a, 'first');
    send(a, '');
    send(a, 'third');
    expect(receive(b, 3)).toBe('fir');
    expect(receive(b, 3)).toBe('');
    header(2);
    expect(guest.call('recvmsg', b, HEADER, 0x20)).toBe(5);
    // MSG_TRUNC
    expect(guest.view(HEADER).getInt32(48, true)).toBe(0x20);
    expect(receive(b, 3, MSG_DONTWAIT)).toBe('EAGAIN');
  });

  it('of many pages and pieces are one', () => {
    const [a, b] = pair(DATAGRAM);
    expect(guest.call('write', a, BASE, 50_000)).toBe(50_000);
    guest.view(VECTOR).setBigUint64(0, BigInt(DATA), true);
    guest.view(VECTOR).setBigUint64(8, 9000n, true);
    guest.view(VECTOR).setBigUint64(16, BigInt(DATA + 9000), true);
    guest.view(VECTOR).setBigUint64(24, 60_000n, true);
    expect(guest.call('readv', b, VECTOR, 2)).toBe(50_000);
    expect(guest.try('write', a, BASE, CAPACITY + 1)).toBe('EMSGSIZE');
  });

  it('UDP finds the port, tells who sent, and who is connected of ports that nobody has', () => {
    const server = make(AF_INET, DATAGRAM);
    guest.call('bind', server, NAME, name(5000));
    const client = make(AF_INET, DATAGRAM);
    expect(guest.try('sendto', client, DATA, 3, 0, NAME, name(5000))).toBe('3');
    guest.view(LENGTH).setInt32(0, 16, true);
    expect(guest.call('recvfrom', server, DATA, 100, 0, NAME, LENGTH)).toBe(3);
    expect(guest.view(NAME).getUint16(2)).toBe(FREE_PORT);
    expect(guest.view(NAME).getUint32(4)).toBe(0x7f00_0001);
    expect(guest.try('sendto', client, DATA, 3, 0, NAME, name(5001))).toBe('3');
    expect(send(client, 'x')).toBe('EDESTADDRREQ');
    connect(client, 5001);
    expect(send(client, 'x')).toBe('1');
    expect(send(client, 'x')).toBe('ECONNREFUSED');
  });

  it('SO_RCVTIMEO ends the wait', () => {
    const socket = make(AF_INET, DATAGRAM);
    guest.view(NAME).setBigInt64(0, 2n, true);
    guest.view(NAME).setBigInt64(8, 0n, true);
    expect(guest.try('setsockopt', socket, 1, 20, NAME, 16)).toBe('0');
    const before = guest.root.clock.now;
    expect(guest.try('recvfrom', socket, DATA, 1, 0, 0, 0)).toBe('EAGAIN');
    expect(guest.root.clock.now - before).toBe(2e9 + 50e3);
  });
});

it('nothing is left when all descriptors are closed', () => {
  const server = listening(5000, 5);
  connect(make(AF_INET, STREAM), 5000);
  guest.call('accept', server, 0, 0);
  connect(make(AF_INET, STREAM), 5000);
  listening('\0a', 2);
  pair(STREAM);
  guest.call('close_range', FIRST, 100, 0);
  const { sockets, names } = guest.root.files.sockets;
  expect({ sockets, names }).toEqual({ sockets: {}, names: {} });
});
