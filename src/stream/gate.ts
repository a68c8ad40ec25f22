/** Holds back what is dispatched on arrival until handlers could be registered: no more than one macrotask brings, or the peer's window allows. */
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

  /** What waits is nobody's business any more. */
  close(): void {
    this.#waiting = [];
  }
}
