import { beforeEach, describe, expect, it } from 'vitest';
import { type VirtualAddress, virtualAddress } from '../../../src/base/numbers.ts';
import type { KernelEvent } from '../../../src/kernel/events.ts';
import { SV39_LAYOUT } from '../../../src/kernel/loader/layout.ts';
import { BadAddress, PageWait, type UserMemory } from '../../../src/kernel/memory/contract.ts';
import { shellStatus, waitStatus } from '../../../src/kernel/process/exit.ts';
import { decodeFrame, encodeFrame, FRAME_BYTES } from '../../../src/kernel/process/signal-frame.ts';
import {
  SA_NODEFER,
  SA_ONSTACK,
  SA_RESETHAND,
  SIG_IGN,
  Signal,
  SignalCode,
  signalBit,
  signalName,
} from '../../../src/kernel/process/signal-table.ts';
import { ProcessSignals } from '../../../src/kernel/process/signals.ts';
import type { ProcessState, SpaceState } from '../../../src/kernel/state.ts';
import { EventStream } from '../../../src/kernel/stream.ts';
import type { MachinePort, RegisterContext } from '../../../src/machine/contract.ts';
import { testRoot } from '../root.ts';

const STACK = 0x3ff0_0000;
const STACK_BYTES = 0x4000;
const { trampoline: TRAMPOLINE } = SV39_LAYOUT;

/** Registers only. */
class Registers {
  readonly x = new BigInt64Array(32);
  readonly f = new BigUint64Array(32);
  pc = virtualAddress(0x10000);
  fcsr = 0;
  saveRegisters(into: RegisterContext) {
    into.x.set(this.x);
    into.f.set(this.f);
    into.pc = this.pc;
    into.fcsr = this.fcsr;
  }
  loadRegisters(from: RegisterContext) {
    this.x.set(from.x);
    this.f.set(from.f);
    this.pc = from.pc;
    this.fcsr = from.fcsr;
  }
}

/** One stack; anything else is a bad address. `waits` makes the next accesses wait for a page. */
class Stack {
  readonly bytes = new Uint8Array(STACK_BYTES);
  waits = 0;
  read(address: VirtualAddress, into: Uint8Array) {
    into.set(this.#range(address, into.length));
  }
  write(address: VirtualAddress, from: Uint8Array) {
    this.#range(address, from.length).set(from);
  }
  #range(address: number, length: number) {
    if (this.waits-- > 0) throw new PageWait({ kind: 'blocked', request: 1 });
    if (address < STACK || address + length > STACK + STACK_BYTES) throw new BadAddress();
    return this.bytes.subarray(address - STACK, address - STACK + length);
  }
}

let machine: Registers;
let stack: Stack;
let process: ProcessState;
let space: SpaceState;
let signals: ProcessSignals;
let told: string[];

beforeEach(() => {
  const made = testRoot();
  ({ process, space } = made);
  machine = new Registers();
  machine.x[2] = BigInt(STACK + STACK_BYTES);
  stack = new Stack();
  const events = new EventStream(made.root);
  told = [];
  events.observe((event: KernelEvent) => {
    if (event.type === 'signal') told.push(`${signalName(event.signal)} ${event.action}`);
  });
  signals = new ProcessSignals({
    root: made.root,
    machine: machine as unknown as MachinePort,
    memory: { user: () => stack as unknown as UserMemory },
    events,
    uid: 1000,
  });
});

const handle = (signal: number, flags = 0, mask = 0n) => {
  process.signals.actions[signal] = { handler: 0x10800n, flags, mask };
};

describe('the frame', () => {
  // Offsets as the C library's headers for RISC-V have them: siginfo_t of 128 bytes, then ucontext_t of 960 with
  // uc_stack at 16, uc_sigmask at 40, uc_mcontext at 176, __fpregs 256 further on with fcsr at its byte 256.
  it('lies as Linux lays it out', () => {
    const registers: RegisterContext = {
      x: BigInt64Array.from({ length: 32 }, (_, i) => BigInt(-i)),
      f: BigUint64Array.from({ length: 32 }, (_, i) => BigInt(1000 + i)),
      pc: virtualAddress(0x12344),
      fcsr: 0x61,
    };
    const bytes = encodeFrame(
      {
        signal: 11,
        code: 2,
        address: 0xdead0n,
        sender: undefined,
        stack: { address: 7n, size: 9n, flags: 2 },
        mask: 0x55n,
      },
      registers,
    );
    const view = new DataView(bytes.buffer);
    expect(bytes.length).toBe(128 + 960);
    expect([view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true)]).toEqual([11, 0, 2]);
    expect(view.getBigUint64(16, true)).toBe(0xdead0n);
    expect(view.getBigUint64(128 + 16, true)).toBe(7n);
    expect(view.getInt32(128 + 24, true)).toBe(2);
    expect(view.getBigUint64(128 + 32, true)).toBe(9n);
    expect(view.getBigUint64(128 + 40, true)).toBe(0x55n);
    expect(view.getBigUint64(128 + 176, true)).toBe(0x12344n);
    expect(view.getBigInt64(128 + 176 + 31 * 8, true)).toBe(-31n);
    expect(view.getBigUint64(128 + 176 + 256 + 31 * 8, true)).toBe(1031n);
    expect(view.getUint32(128 + 176 + 256 + 256, true)).toBe(0x61);
    const back = decodeFrame(bytes)!;
    expect(back.registers.x.slice(1)).toEqual(registers.x.slice(1));
    expect(back.registers).toMatchObject({ f: registers.f, pc: registers.pc, fcsr: registers.fcsr });
    expect(back).toMatchObject({ mask: 0x55n, stack: { address: 7n, size: 9n, flags: 2 } });
  });

  it('is refused when it claims state of other extensions', () => {
    const bytes = new Uint8Array(FRAME_BYTES);
    bytes[FRAME_BYTES - 1] = 1;
    expect(decodeFrame(bytes)).toBeUndefined();
  });
});

describe('a handler', () => {
  it('is entered with the frame on the stack, and rt_sigreturn goes back', () => {
    handle(Signal.SIGUSR1);
    machine.x[10] = 42n;
    machine.f[3] = 99n;
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n, process.pid);
    expect(signals.deliver(process, space)).toBe('handler');
    const frame = STACK + STACK_BYTES - FRAME_BYTES;
    expect(machine.pc).toBe(0x10800);
    expect(machine.x[1]).toBe(BigInt(TRAMPOLINE));
    expect(machine.x[2]).toBe(BigInt(frame));
    expect([machine.x[10], machine.x[11], machine.x[12]]).toEqual([10n, BigInt(frame), BigInt(frame + 128)]);
    expect(frame % 16).toBe(0);
    // si_pid and si_uid of the sender.
    const view = new DataView(stack.bytes.buffer);
    expect([view.getInt32(frame - STACK + 16, true), view.getUint32(frame - STACK + 20, true)]).toEqual([
      1, 1000,
    ]);
    expect(process.signals.mask).toBe(signalBit(Signal.SIGUSR1));
    machine.f[3] = 0n;
    expect(signals.restore(process, space)).toBe(true);
    expect([machine.pc, machine.x[2], machine.x[10], machine.f[3]]).toEqual([
      0x10000,
      BigInt(STACK + STACK_BYTES),
      42n,
      99n,
    ]);
    expect(process.signals.mask).toBe(0n);
    expect(signals.deliver(process, space)).toBe('none');
  });

  it('blocks what its action says, and itself unless SA_NODEFER', () => {
    handle(Signal.SIGUSR1, SA_NODEFER, signalBit(Signal.SIGUSR2) | signalBit(Signal.SIGKILL));
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    signals.deliver(process, space);
    expect(process.signals.mask).toBe(signalBit(Signal.SIGUSR2));
  });

  it('is forgotten under SA_RESETHAND', () => {
    handle(Signal.SIGUSR1, SA_RESETHAND);
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    signals.deliver(process, space);
    expect(process.signals.actions[Signal.SIGUSR1]).toBeUndefined();
  });

  it('runs on the alternate stack under SA_ONSTACK', () => {
    process.signals.alternate = { address: BigInt(STACK), size: 0x1000n, flags: 0 };
    handle(Signal.SIGUSR1, SA_ONSTACK | SA_NODEFER);
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    signals.deliver(process, space);
    expect(machine.x[2]).toBe(BigInt(STACK + 0x1000 - FRAME_BYTES));
    // A second one stays on it, below the first.
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    signals.deliver(process, space);
    expect(machine.x[2]).toBe(BigInt(STACK + 0x1000 - 2 * FRAME_BYTES));
    // A fourth would not fit into its 4,096 bytes and must not run below it: SIGSEGV, and the end.
    for (let i = 0; i < 2; i++) {
      signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
      signals.deliver(process, space);
    }
    expect(process.exit).toEqual({ code: 0, signal: Signal.SIGSEGV });
  });

  it('waits for its stack’s page and is then entered once', () => {
    handle(Signal.SIGUSR1);
    stack.waits = 1;
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    expect(() => signals.deliver(process, space)).toThrow(PageWait);
    expect(machine.pc).toBe(0x10000);
    expect(signals.deliver(process, space)).toBe('handler');
    expect(signals.deliver(process, space)).toBe('none');
  });

  it('without a stack ends in SIGSEGV', () => {
    machine.x[2] = 0x100n;
    handle(Signal.SIGUSR1);
    handle(Signal.SIGSEGV);
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    expect(signals.deliver(process, space)).toBe('killed');
    expect(process.exit).toEqual({ code: 0, signal: Signal.SIGSEGV });
  });

  it('saves the mask that rt_sigsuspend put away', () => {
    handle(Signal.SIGUSR1);
    process.signals.saved = 0x40n;
    signals.send(process, Signal.SIGUSR1, SignalCode.user, 0n);
    signals.deliver(process, space);
    signals.restore(process, space);
    expect(process.signals.mask).toBe(0x40n);
    expect(process.signals.saved).toBeUndefined();
  });
});

describe('pending signals', () => {
  it('are taken in order: raised by instructions first, then by number', () => {
    for (const signal of [Signal.SIGUSR2, Signal.SIGHUP, Signal.SIGSEGV]) handle(signal);
    signals.send(process, Signal.SIGUSR2, SignalCode.user, 0n);
    signals.send(process, Signal.SIGHUP, SignalCode.user, 0n);
    signals.force(process, Signal.SIGSEGV, SignalCode.notMapped, 5n);
    while (signals.deliver(process, space) === 'handler');
    expect(told).toEqual(['SIGSEGV handler', 'SIGHUP handler', 'SIGUSR2 handler']);
  });

  it('are one of each kind, but real-time ones queue', () => {
    process.signals.mask = -1n;
    for (const signal of [10, 10, 40, 40]) signals.send(process, signal, SignalCode.user, 0n);
    expect(process.group.pending.map(({ signal }) => signal)).toEqual([10, 40, 40]);
  });

  it('stay while they are blocked; SIGKILL does not', () => {
    process.signals.mask = -1n;
    signals.send(process, Signal.SIGTERM, SignalCode.user, 0n);
    expect(signals.deliver(process, space)).toBe('none');
    signals.send(process, Signal.SIGKILL, SignalCode.user, 0n);
    expect(signals.deliver(process, space)).toBe('killed');
    expect(shellStatus(process.exit!)).toBe(137);
    expect(waitStatus(process.exit!)).toBe(9);
  });

  it('are dropped when ignored, by the program or by default', () => {
    process.signals.actions[Signal.SIGTERM] = { handler: SIG_IGN, flags: 0, mask: 0n };
    signals.send(process, Signal.SIGTERM, SignalCode.user, 0n);
    signals.send(process, Signal.SIGCHLD, SignalCode.user, 0n);
    expect(process.group.pending).toEqual([]);
    expect(told).toEqual(['SIGTERM ignored', 'SIGCHLD ignored']);
  });

  it('end the process by default', () => {
    signals.send(process, Signal.SIGABRT, SignalCode.thread, 0n);
    expect(signals.deliver(process, space)).toBe('killed');
    expect(process).toMatchObject({ exit: { code: 0, signal: 6 } });
  });

  it('that a fault forces are neither blocked nor ignored', () => {
    process.signals.actions[Signal.SIGSEGV] = { handler: SIG_IGN, flags: 0, mask: 0n };
    process.signals.mask = -1n;
    signals.force(process, Signal.SIGSEGV, SignalCode.notMapped, 0n);
    expect(signals.deliver(process, space)).toBe('killed');
  });
});
