/**
 * Holds back what is dispatched on arrival: until handlers could be registered, and while a sign-in is judged. No more waits than the peer's window
 * allows.
 */
export class Gate {
  #waiting: (() => void)[] | null = [];

  get isOpen(): boolean {
    return this.#waiting === null;
  }

  /** Run it now, or in its turn once the gate opens. */
  pass(run: () => void): void {
    if (this.#waiting === null) run();
    else this.#waiting.push(run);
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const run of waiting) run();
  }

  /** From now on everything waits again. */
  hold(): void {
    this.#waiting ??= [];
  }

  /** What waits is nobody's business any more. */
  close(): void {
    this.#waiting = [];
  }
}
