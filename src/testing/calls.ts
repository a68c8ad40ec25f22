/** The platform's own, as they were when this was loaded. */
const { setImmediate: realImmediate, queueMicrotask: realMicrotask, setTimeout: realTimeout, clearTimeout: realClear } = globalThis;

/** How long a world may stand still while somebody waits for it, in real milliseconds: long for a test's own work, and within every runner's limit. */
const standstillMs = 1_000;

/** Test libraries that fake timers leave their clock on what they put in the place of the platform's. */
const isFake = (now: object, then: object): boolean => now !== then || 'clock' in now;

/** @throws Error where a runner's fake timers are on: nothing could be known to have settled. */
export const demandRealTimers = (): void => {
  if (!isFake(globalThis.setImmediate, realImmediate) && !isFake(globalThis.queueMicrotask, realMicrotask)) return;
  throw new Error(
    'Fake timers are on, and a test world needs the real event loop: it has a clock of its own. Turn them off (vi.useRealTimers(), ' +
      'jest.useRealTimers(), mock.timers.reset()), let time pass with world.advance(ms), and give world.clock to app code that has timers.',
  );
};

/** Calls that may be begun together: they are served one after the other. */
const isShared = (name: string): boolean => name === 'start' || name === 'result' || name === 'until';

/** The calls that let things happen in a world: one at a time. It says so where one is missing. */
export class Calls {
  #running: string | null = null;
  #queued = 0;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** What the test waits for, and how often. */
  readonly #awaited = new Map<string, number>();
  #alarm: ReturnType<typeof realTimeout> | undefined;
  #warn: (message: string) => void;

  /** `warn`: where it says that a world stands still. */
  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws Error where the world was closed. */
  demandOpen(name: string): void {
    if (this.#isClosed)
      throw new Error(`${name}() was called on a world that is closed. Make one for each test, and close it at the test's end.`);
  }

  /** @throws Error where a call goes on. */
  demandRest(name: string): void {
    if (this.#running !== null) throw new Error(this.#overlap(name));
  }

  /** Make one of a world's calls. Rejects with an Error where another one goes on, whose `await` is missing. */
  async run<T>(name: string, act: () => Promise<T>): Promise<T> {
    demandRealTimers();
    this.demandOpen(name);
    if (this.#running !== null && !(isShared(name) && isShared(this.#running))) throw new Error(this.#overlap(name));
    this.#running = name;
    this.#queued += 1;
    realClear(this.#alarm);
    const done = this.#last.then(act);
    this.#last = done.then(
      () => undefined,
      () => undefined,
    );
    try {
      return await done;
    } finally {
      this.#queued -= 1;
      if (this.#queued === 0) this.#running = null;
      this.#arm();
    }
  }

  /** Nothing may be called from now on. */
  close(): void {
    this.#isClosed = true;
    realClear(this.#alarm);
  }

  /** The test has a promise that settles only where the world goes on. */
  awaited(name: string, promise: Promise<unknown>): void {
    this.#awaited.set(name, (this.#awaited.get(name) ?? 0) + 1);
    const settled = (): void => {
      const left = (this.#awaited.get(name) ?? 1) - 1;
      if (left > 0) this.#awaited.set(name, left);
      else this.#awaited.delete(name);
      if (this.#awaited.size === 0) realClear(this.#alarm);
    };
    promise.then(settled, settled);
    this.#arm();
  }

  #arm(): void {
    if (this.#running !== null || this.#awaited.size === 0 || this.#isClosed) return;
    realClear(this.#alarm);
    this.#alarm = realTimeout(() => {
      const [name] = this.#awaited.keys();
      this.#warn(
        `ninelives/testing: ${name}() waits, and its world stands still: time passes in the world's own calls alone. ` +
          `Write \`await world.result(promise)\` where a test awaits it, or let time pass with \`await world.advance(ms)\`.`,
      );
    }, standstillMs);
  }

  #overlap(name: string): string {
    return (
      `${name}() was called while ${this.#running}() still goes on: is an \`await\` missing before world.${this.#running}()? To let several things happen ` +
      'at once, begin them with the calls of the client (kitty.startSession) and then let time pass.'
    );
  }
}
