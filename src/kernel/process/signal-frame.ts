/**
 * The frame that a signal leaves on the stack, byte for byte as Linux lays it out on RISC-V
 * (arch/riscv/kernel/signal.c, include/uapi/asm/{ucontext,sigcontext,ptrace}.h):
 *
 *   0    siginfo        128 bytes: signo, errno, code, then sender or fault address at 16
 *   128  ucontext       flags 8, link 8, stack {sp 8, flags 4, padding 4, size 8}, mask 8, unused 120
 *   304  mcontext       pc, x1 to x31 (16-byte aligned)
 *   560  floating point f0 to f31, fcsr; room for the quad registers, 528 bytes in all
 */
import { virtualAddress } from '../../base/numbers.ts';
import type { RegisterContext } from '../../machine/contract.ts';

export const FRAME_BYTES = 1088;
export const SIGINFO_OFFSET = 0;
export const UCONTEXT_OFFSET = 128;
const STACK_OFFSET = UCONTEXT_OFFSET + 16;
const MASK_OFFSET = UCONTEXT_OFFSET + 40;
const REGISTERS_OFFSET = 304;
const FLOAT_OFFSET = 560;
const FCSR_OFFSET = FLOAT_OFFSET + 32 * 8;
/** Must be zeros, or the frame claims state of extensions that are not there. */
const RESERVED_OFFSET = FLOAT_OFFSET + 516;

export interface SignalStack {
  readonly address: bigint;
  readonly size: bigint;
  readonly flags: number;
}

/** What a frame says besides the registers. */
export interface SignalFrame {
  readonly signal: number;
  readonly code: number;
  /** si_addr of a fault; si_value of a signal that `sender` sent. */
  readonly address: bigint;
  readonly sender: { readonly pid: number; readonly uid: number } | undefined;
  readonly stack: SignalStack;
  readonly mask: bigint;
}

/** @returns the bytes of a frame that saves `registers` */
export function encodeFrame(frame: SignalFrame, registers: RegisterContext): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES);
  const view = new DataView(bytes.buffer);
  view.setInt32(0, frame.signal, true);
  view.setInt32(8, frame.code, true);
  if (frame.sender === undefined) {
    view.setBigUint64(16, frame.address, true);
  } else {
    view.setInt32(16, frame.sender.pid, true);
    view.setUint32(20, frame.sender.uid, true);
    view.setBigUint64(24, frame.address, true);
  }
  view.setBigUint64(STACK_OFFSET, frame.stack.address, true);
  view.setInt32(STACK_OFFSET + 8, frame.stack.flags, true);
  view.setBigUint64(STACK_OFFSET + 16, frame.stack.size, true);
  view.setBigUint64(MASK_OFFSET, frame.mask, true);
  view.setBigUint64(REGISTERS_OFFSET, BigInt(registers.pc), true);
  for (let i = 1; i < 32; i++) view.setBigInt64(REGISTERS_OFFSET + i * 8, registers.x[i]!, true);
  for (let i = 0; i < 32; i++) view.setBigUint64(FLOAT_OFFSET + i * 8, registers.f[i]!, true);
  view.setUint32(FCSR_OFFSET, registers.fcsr, true);
  return bytes;
}

/** What rt_sigreturn takes from a frame. */
export interface SavedContext {
  readonly registers: RegisterContext;
  readonly mask: bigint;
  readonly stack: SignalStack;
}

/** @returns the saved context, or `undefined` when the frame asks for state that this machine has not */
export function decodeFrame(bytes: Uint8Array): SavedContext | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = RESERVED_OFFSET; at < FLOAT_OFFSET + 528; at += 4) {
    if (view.getUint32(at, true) !== 0) return undefined;
  }
  const registers: RegisterContext = {
    x: new BigInt64Array(32),
    f: new BigUint64Array(32),
    pc: addressFrom(view.getBigUint64(REGISTERS_OFFSET, true)),
    fcsr: view.getUint32(FCSR_OFFSET, true) & 0xff,
  };
  for (let i = 1; i < 32; i++) registers.x[i] = view.getBigInt64(REGISTERS_OFFSET + i * 8, true);
  for (let i = 0; i < 32; i++) registers.f[i] = view.getBigUint64(FLOAT_OFFSET + i * 8, true);
  return {
    registers,
    mask: view.getBigUint64(MASK_OFFSET, true),
    stack: {
      address: view.getBigUint64(STACK_OFFSET, true),
      flags: view.getInt32(STACK_OFFSET + 8, true),
      size: view.getBigUint64(STACK_OFFSET + 16, true),
    },
  };
}

/** Where a program counter may be: even, and below 2^53; beyond, some address that is never mapped. */
export function addressFrom(value: bigint) {
  const even = value & ~1n;
  return virtualAddress(even < 2n ** 53n ? Number(even) : 2 ** 52);
}
