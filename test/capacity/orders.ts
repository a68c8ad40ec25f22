/** Orders to a process of the run, and its answers: numbered, over IPC. */
import { type ChildProcess, fork } from 'node:child_process';
import { within } from '../support/until.js';

/** Milliseconds: a process that compiles TypeScript on a busy machine takes a while. */
const START_MAX_MS = 60_000;

/** Where the parts of a run are, and what they run: TypeScript as it stands, or compiled. */
export interface Program {
  /** The file of a part, by its name. */
  file(name: 'server' | 'crowd' | 'apps'): URL;
  readonly execArgv: readonly string[];
  /** The modules `ninelives/server` and `ninelives` that are measured. */
  readonly server: string;
  readonly client: string;
}

type Envelope<Order> = { readonly number: number; readonly order: Order };
type Answer = { readonly number: number; readonly answer: unknown } | { readonly number: number; readonly failed: string };

/** What a process of the run can be asked: each order with what it is answered with. */
export type Orders = { readonly [name: string]: (given: never) => unknown };

/** A process of the run, as who asks it sees it. */
export class Part<O extends Orders> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  readonly #gone: Promise<void>;
  #asked = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (told: Answer) => {
      const asker = this.#waiting.get(told.number);
      this.#waiting.delete(told.number);
      if ('failed' in told) asker?.reject(new Error(told.failed));
      else asker?.resolve(told.answer);
    });
    this.#gone = new Promise((resolve) =>
      child.once('exit', (code, signal) => {
        const error = new Error(`A process of the run ended with ${code ?? signal}.`);
        for (const { reject } of this.#waiting.values()) reject(error);
        this.#waiting.clear();
        resolve();
      }),
    );
  }

  /** Starts it; it is asked `begin` first, and what that answers comes with it. */
  static async start<O extends Orders, Begun>(
    file: URL,
    execArgv: readonly string[],
    settings: unknown,
  ): Promise<{ part: Part<O>; begun: Begun }> {
    const child = fork(file, [], { execArgv: [...execArgv] });
    const part = new Part<O>(child);
    try {
      return { part, begun: (await within(part.#ask('begin', settings), `the start of ${file.pathname}`, START_MAX_MS)) as Begun };
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Rejects where it fails, and where the process ends before it answers. */
  ask<Name extends keyof O & string>(name: Name, given: Parameters<O[Name]>[0], limitMs: number): Promise<Awaited<ReturnType<O[Name]>>> {
    return within(this.#ask(name, given), `an answer to "${name}"`, limitMs) as Promise<Awaited<ReturnType<O[Name]>>>;
  }

  /** It ends by itself once nobody asks it any more. */
  async close(limitMs: number): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await within(this.#gone, 'the end of a process', limitMs).catch(() => this.#child.kill('SIGKILL'));
  }

  #ask(name: string, given: unknown): Promise<unknown> {
    this.#asked += 1;
    const number = this.#asked;
    return new Promise((resolve, reject) => {
      if (!this.#child.connected) return reject(new Error('A process of the run is gone.'));
      this.#waiting.set(number, { resolve, reject });
      this.#child.send({ number, order: { name, given } });
    });
  }
}

/** In the process itself: answers orders by these functions, and ends with who asks. */
export const answerOrders = (answers: Readonly<Record<string, (given: never) => unknown>>): void => {
  process.on('message', ({ number, order }: Envelope<{ readonly name: string; readonly given: never }>) => {
    const tell = (answer: Answer): void => {
      if (process.connected) process.send?.(answer);
    };
    const run = async (): Promise<unknown> => answers[order.name]?.(order.given);
    run().then(
      (answer) => tell({ number, answer }),
      (error: Error) => tell({ number, failed: error.message }),
    );
  });
  process.on('disconnect', () => process.exit());
};
