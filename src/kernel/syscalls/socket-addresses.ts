/** struct sockaddr of AF_UNIX, AF_INET and AF_INET6, as bytes. */
import type { VirtualAddress } from '../../base/numbers.ts';
import { Errno } from '../errno.ts';
import type { SocketDomain, SocketName } from '../files/socket-state.ts';
import type { Result } from '../memory/contract.ts';
import type { CallContext } from './contract.ts';
import { structure } from './layout.ts';

export const AF_UNSPEC = 0;
export const families: Readonly<Record<SocketDomain, number>> = { unix: 1, inet: 2, inet6: 10 };

const UNIX_BYTES = 110;
const INET_BYTES = 16;
const INET6_BYTES = 28;
/** struct sockaddr_storage. */
const MOST_BYTES = 128;
/** ::ffff:0:0/96, which IPv4 hosts are mapped to. */
const MAPPED = '00000000000000000000ffff';

/** A name for a socket of `domain`; `undefined` is AF_UNSPEC. EINVAL, EAFNOSUPPORT. */
export function readName(
  call: CallContext,
  address: VirtualAddress,
  length: number,
  domain: SocketDomain,
): SocketName | undefined | Result {
  if (length < 0 || length > MOST_BYTES) return Errno.EINVAL;
  const bytes = new Uint8Array(length);
  call.user.read(address, bytes);
  if (length < 2) return Errno.EINVAL;
  const view = new DataView(bytes.buffer);
  const family = view.getUint16(0, true);
  if (family === AF_UNSPEC) return undefined;
  if (domain === 'unix') return family === families.unix ? unixName(bytes) : Errno.EINVAL;
  if (length < INET_BYTES) return Errno.EINVAL;
  if (family === families.inet) {
    return { domain: 'inet', host: hexadecimal(bytes.subarray(4, 8)), port: view.getUint16(2) };
  }
  if (family !== families.inet6 || domain === 'inet') return Errno.EAFNOSUPPORT;
  if (length < INET6_BYTES - 4) return Errno.EINVAL;
  const host = hexadecimal(bytes.subarray(8, 24));
  const isMapped = host.startsWith(MAPPED);
  return { domain: 'inet', host: isMapped ? host.slice(MAPPED.length) : host, port: view.getUint16(2) };
}

function unixName(bytes: Uint8Array): SocketName | Result {
  if (bytes.length > UNIX_BYTES) return Errno.EINVAL;
  const path = bytes.subarray(2);
  const end = path[0] === 0 ? -1 : path.indexOf(0);
  const used = end < 0 ? path : path.subarray(0, end);
  return { domain: 'unix', name: String.fromCharCode(...used) };
}

/** A name as getsockname(2) gives it to a socket of `domain`; `undefined`: it has none. */
export function nameBytes(name: SocketName | undefined, domain: SocketDomain): Uint8Array {
  if (domain === 'unix') return unixBytes(name?.domain === 'unix' ? name.name : '');
  const { host, port } = name?.domain === 'inet' ? name : { host: '0'.repeat(32), port: 0 };
  const isIpv6 = domain === 'inet6';
  return structure(isIpv6 ? INET6_BYTES : INET_BYTES, (view) => {
    view.setUint16(0, families[domain], true);
    view.setUint16(2, port);
    const shown = isIpv6 && host.length === 8 ? MAPPED + host : host;
    for (let i = 0; i < (isIpv6 ? 16 : 4); i++)
      view.setUint8((isIpv6 ? 8 : 4) + i, Number.parseInt(shown.slice(2 * i, 2 * i + 2), 16));
  });
}

/** A pathname has its zero, an abstract name none. */
function unixBytes(name: string): Uint8Array {
  const isPath = name !== '' && !name.startsWith('\0');
  return structure(2 + name.length + (isPath ? 1 : 0), (view) => {
    view.setUint16(0, families.unix, true);
    for (let i = 0; i < name.length; i++) view.setUint8(2 + i, name.charCodeAt(i));
  });
}

/** Where the program wants a name, and how many bytes of it: EINVAL for fewer than none. */
export interface NamePlace {
  readonly address: VirtualAddress;
  readonly lengthAt: VirtualAddress;
  readonly room: number;
}

/** A place for a name whose length is at `lengthAt`, both made sure of; a null address wants none. */
export function namePlace(
  call: CallContext,
  address: VirtualAddress,
  lengthAt: VirtualAddress,
): NamePlace | Result {
  if (address === 0) return { address, lengthAt, room: 0 };
  call.user.prepare(lengthAt, 4, 'store');
  const room = call.user.readU32(lengthAt) | 0;
  if (room < 0) return Errno.EINVAL;
  const used = Math.min(room, MOST_BYTES);
  if (used > 0) call.user.prepare(address, used, 'store');
  return { address, lengthAt, room: used };
}

/** Puts as much of a name as there is room for, and its whole length. */
export function writeName(
  call: CallContext,
  { address, lengthAt, room }: NamePlace,
  bytes: Uint8Array,
): void {
  if (address === 0) return;
  if (room > 0) call.user.write(address, bytes.subarray(0, room));
  call.user.writeU32(lengthAt, bytes.length);
}

const hexadecimal = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
