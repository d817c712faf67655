/**
 * Hash of a stream of values, by which two event logs are compared: FNV-1a with 64 bits (Fowler, Noll and Vo;
 * RFC 9923), kept in two 32-bit halves so that no BigInt is made for each byte. Its state is plain data, so
 * that a snapshot carries it. Equal streams hash equal on every platform.
 */
export interface StreamHash {
  /** The upper and the lower 32 bits, 0 to 2^32 - 1 each. */
  high: number;
  low: number;
}

/** The hash of nothing yet. */
export const streamHash = (): StreamHash => ({ high: 0xcbf29ce4, low: 0x84222325 });

/** Adds one byte, 0 to 255. */
export function hashByte(hash: StreamHash, byte: number): void {
  const low = (hash.low ^ byte) >>> 0;
  // The prime is 2^40 + 0x1b3, and the lower half times 0x1b3 is below 2^41, which a double holds exactly.
  const product = low * 0x1b3;
  hash.high = (Math.imul(hash.high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0;
  hash.low = product >>> 0;
}

/** Adds the bytes as they are, without their number. */
export function hashBytes(hash: StreamHash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at++) hashByte(hash, bytes[at] as number);
}

const scratch = new DataView(new ArrayBuffer(8));

/** Adds the 8 bytes of `value` as a double, lowest first; 0 and -0 differ, and every NaN is the same. */
export function hashNumber(hash: StreamHash, value: number): void {
  scratch.setFloat64(0, Number.isNaN(value) ? Number.NaN : value, true);
  for (let at = 0; at < 8; at++) hashByte(hash, scratch.getUint8(at));
}

const utf8 = new TextEncoder();

/** Adds `text` in UTF-8 and the byte 255, which no text contains, so that 'ab' 'c' and 'a' 'bc' differ. */
export function hashText(hash: StreamHash, text: string): void {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0x80) {
      hashBytes(hash, utf8.encode(text.slice(at)));
      break;
    }
    hashByte(hash, unit);
  }
  hashByte(hash, 255);
}

/**
 * Adds a value of plain data: `undefined`, null, booleans, numbers, bigints, strings, arrays, records (in the
 * order of their properties) and typed arrays. Values that differ in kind hash differently: 1, '1' and true.
 * @throws TypeError for a function or a symbol
 */
export function hashValue(hash: StreamHash, value: unknown): void {
  const kind = typeof value;
  if (kind === 'function' || kind === 'symbol') throw new TypeError(`a ${kind} is not plain data`);
  if (typeof value === 'object' && value !== null) {
    hashObject(hash, value);
    return;
  }
  hashText(hash, kind);
  if (typeof value === 'number') hashNumber(hash, value);
  else hashText(hash, String(value));
}

function hashObject(hash: StreamHash, value: object): void {
  if (ArrayBuffer.isView(value)) {
    hashText(hash, 'bytes');
    hashNumber(hash, value.byteLength);
    hashBytes(hash, new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hashText(hash, 'array');
    hashNumber(hash, value.length);
    for (const element of value) hashValue(hash, element);
  } else {
    const properties = Object.entries(value);
    hashText(hash, 'record');
    hashNumber(hash, properties.length);
    for (const [name, property] of properties) {
      hashText(hash, name);
      hashValue(hash, property);
    }
  }
}

/** The hash so far, as 16 hexadecimal digits. */
export function hashHex(hash: StreamHash): string {
  const half = (n: number) => n.toString(16).padStart(8, '0');
  return half(hash.high) + half(hash.low);
}
