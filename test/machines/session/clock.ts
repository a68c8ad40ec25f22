/** A clock that stands until it is told to go on: XState's two methods, and every timer fires at its own time. */
export class SteppingClock {
  private now = 0;
  private handle = 0;
  private readonly timers = new Map<number, { readonly at: number; readonly fire: () => void }>();

  readonly setTimeout = (fire: (...args: unknown[]) => void, delayMs: number): number => {
    this.handle += 1;
    this.timers.set(this.handle, { at: this.now + delayMs, fire });
    return this.handle;
  };

  readonly clearTimeout = (handle: number): void => {
    this.timers.delete(handle);
  };

  /** How many timers are waited for. */
  get pending(): number {
    return this.timers.size;
  }

  /** Let so many milliseconds pass, stopping at each moment at which a timer is due, those that it starts included. */
  pass(ms: number): void {
    const until = this.now + ms;
    for (let next = this.due(until); next !== undefined; next = this.due(until)) {
      const [handle, { at, fire }] = next;
      this.now = at;
      this.timers.delete(handle);
      fire();
    }
    this.now = until;
  }

  private due(until: number) {
    return [...this.timers].filter(([, { at }]) => at <= until).sort(([a, x], [b, y]) => x.at - y.at || a - b)[0];
  }
}
