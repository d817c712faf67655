/** A binary heap of time slots, the latest on top (Williams, "Algorithm 232: Heapsort", CACM 7(6), 1964). */
export class SlotHeap {
  readonly #slots: number[] = [];

  get size(): number {
    return this.#slots.length;
  }

  /** The latest slot; there must be one. */
  get latest(): number {
    return this.#slots[0]!;
  }

  push(slot: number): void {
    const slots = this.#slots;
    let at = slots.push(slot) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (slots[parent]! >= slot) break;
      slots[at] = slots[parent]!;
      at = parent;
    }
    slots[at] = slot;
  }

  /** Takes the latest slot out; there must be one. */
  pop(): void {
    const moved = this.#slots.pop()!;
    if (this.#slots.length > 0) this.replaceLatest(moved);
  }

  /** Puts `slot` in the place of the latest one. */
  replaceLatest(slot: number): void {
    const slots = this.#slots;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= slots.length) break;
      if (child + 1 < slots.length && slots[child + 1]! > slots[child]!) child++;
      if (slots[child]! <= slot) break;
      slots[at] = slots[child]!;
      at = child;
    }
    slots[at] = slot;
  }

  /** Gives every slot a new number; `renumbered` keeps their order. */
  renumber(renumbered: (slot: number) => number): void {
    for (let i = 0; i < this.#slots.length; i++) this.#slots[i] = renumbered(this.#slots[i]!);
  }
}
