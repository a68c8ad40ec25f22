/** One run: a server, a well-behaved session beside it and its attackers, in one process and one virtual time. */
import { type VirtualHost, virtualHost } from '../../../adapters/hosts/virtual.js';
import { type MemorySockets, memorySockets } from '../../../adapters/sockets/memory.js';
import { memory } from '../../../adapters/stores/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { SessionClient } from '../../../src/client/client.js';
import { SessionServer } from '../../../src/server/server.js';
import { assertConsistent } from '../../machines/stream/rig.js';
import { keptLog } from '../../support/server.js';
import { password } from '../kit.js';
import { Attackers, slowly } from './attackers.js';
import type { AppAct, FuzzScript, FuzzStep } from './script.js';

/** Short, so that all of them pass in the time that a run waits at its end, in milliseconds. */
const limitsMs = { helloTimeoutMs: 2_000, confirmWithinMs: 2_000, resumeWindowMs: 5_000, endDeadlineMs: 1_000, handlerTimeoutMs: 1_000 };
/** How long it takes to decide on one who is admitted slowly, in milliseconds: others come and go meanwhile. */
const ADMISSION_MS = 300;
/** Longer than all of them after one another, in milliseconds. */
const CALM_MS = 20_000;
/** How many messages of a kilobyte the app sends at once to who may not take them. */
const FLOOD = 30;
/** What the app's own failing handler brings about. */
const expectedErrors: readonly string[] = ['a handler failed', 'left out of the log: more of "a handler failed"'];

class FuzzRun {
  readonly problems: string[] = [];
  readonly #host: VirtualHost = virtualHost({ seed: 7 });
  readonly #log = keptLog();
  readonly #server: SessionServer;
  readonly #bystander: SessionClient;
  readonly #attackers: Attackers;
  #victim: string | null = null;
  #said = 0;
  #isLeaving = false;
  readonly #echoed: unknown[] = [];

  constructor({ durable }: FuzzScript) {
    this.#server = new SessionServer({
      guests: async ({ username }) => {
        if (username === slowly) await new Promise<void>((resolve) => this.#host.clock.setTimeout(resolve, ADMISSION_MS));
        return true;
      },
      logger: this.#log.logger,
      host: this.#host,
      store: memory({ durable }),
      authenticate: ({ authParams }) => {
        if (authParams.password !== password) throw new Error('wrong password');
      },
      ...limitsMs,
      limits: { window: { messages: 20, size: 20_000 }, buffer: { messages: 40, size: 300_000 } },
    });
    this.#serve();
    const own = this.#sockets();
    this.#bystander = new SessionClient({}, this.#host, ninelivesTransport({ openSocket: own.open, host: this.#host }));
    this.#attackers = new Attackers(
      this.#sockets(),
      () => (this.#victim === null ? null : { session: this.#victim }),
      (problem) => void this.problems.push(problem),
    );
  }

  get told(): ReadonlyMap<string, number> {
    return this.#attackers.told;
  }

  async run({ steps }: FuzzScript): Promise<void> {
    await this.#enter();
    for (const step of steps) {
      await this.#do(step);
      this.#say();
      await this.#host.settle();
      this.#look();
      if (this.problems.length > 0) return;
    }
    this.#attackers.leave();
    await this.#host.advance(CALM_MS);
    this.#look();
    await this.#judge();
  }

  async close(): Promise<void> {
    this.#isLeaving = true;
    const ended = this.#bystander.endSession();
    await this.#host.advance(CALM_MS);
    await ended;
    const closed = this.#server.close();
    await this.#host.advance(CALM_MS);
    await closed;
    if (this.problems.length === 0 && this.#host.pendingTimers > 0) this.problems.push(`${this.#host.pendingTimers} timers are left.`);
  }

  /** What is thrown where something arrives is the server's, and would have ended its process. */
  #sockets(): MemorySockets {
    const sockets = memorySockets({
      clock: this.#host.clock,
      schedule: (deliver) =>
        queueMicrotask(() => {
          try {
            deliver();
          } catch (error) {
            this.problems.push(`Thrown: ${(error as Error).stack}`);
          }
        }),
    });
    sockets.accept((socket, request) => this.#server.accept(socket, request));
    return sockets;
  }

  #serve(): void {
    this.#server.on('session', (session) => {
      const forever = (signal: AbortSignal): Promise<void> =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
      const isRight = (name: string): void => {
        if ((session.id === this.#victim) !== (name === 'bystander')) this.problems.push(`${name} spoke in the session ${session.id}.`);
        if (name === 'jane') this.problems.push('Somebody speaks for jane, whose password nobody has.');
      };
      session.on('say', (payload, { user }) => {
        isRight(user.name);
        session.send('said', payload);
      });
      session.on('slow', (_, { signal, user }) => {
        isRight(user.name);
        return forever(signal);
      });
      session.on('fail', () => {
        throw new Error('as it was asked to');
      });
      session.onRequest('mirror', (payload) => payload);
      session.onRequest('never', (_, { signal }) => forever(signal));
    });
  }

  async #enter(): Promise<void> {
    const starting = this.#bystander.startSession({ username: 'bystander' });
    await this.#host.advance(10);
    const started = await starting;
    if (started.failed) throw started.error;
    this.#victim = started.session.id;
    started.session.on('said', (n) => void this.#echoed.push(n));
    for (const event of ['lost', 'gap', 'ended'] as const)
      this.#bystander.on(event, () => {
        if (!this.#isLeaving) this.problems.push(`The session beside noticed: ${event}.`);
      });
  }

  #say(): void {
    const { session } = this.#bystander;
    if (session?.send('say', this.#said + 1).accepted === true) this.#said += 1;
    else this.problems.push('The session beside could not send.');
  }

  async #do(step: FuzzStep): Promise<void> {
    switch (step.do) {
      case 'open':
        return this.#attackers.open(step.link, step.entry ? step.mutation : null);
      case 'begin':
        this.#attackers.open(step.link, null);
        await this.#host.settle();
        this.#attackers.say(step.link, [step.as], { kind: 'none' });
        await this.#host.settle();
        // Said before its welcome, it would be the end.
        if (!step.as.startsWith('resume') && this.#attackers.isWelcomed(step.link))
          this.#attackers.say(step.link, ['confirm'], { kind: 'none' });
        return;
      case 'say':
        return this.#attackers.say(step.link, step.frames, step.mutation);
      case 'cut':
        return this.#attackers.cut(step.link);
      case 'app':
        return this.#act(step.act);
      case 'wait':
        return this.#host.advance(step.ms);
    }
  }

  async #act(act: AppAct): Promise<void> {
    if (act === 'everyone') return void this.#server.toEveryone().send('news', 1);
    for (const session of [...this.#server.keeper.live.all()].filter(({ id }) => id !== this.#victim))
      switch (act) {
        case 'send':
          session.send('n', { to: session.user.name }, { ttlMs: 10_000 });
          break;
        case 'request':
          void session.request('ask', 1, { timeoutMs: 300 });
          break;
        case 'volatile':
          session.send('n', 1, { volatile: true });
          break;
        case 'flood':
          for (let n = 0; n < FLOOD; n += 1) session.send('n', 'x'.repeat(1_000));
          break;
        case 'revoke':
          await this.#server.sessions.revoke(session.id);
          break;
        case 'end':
          session.end();
          break;
      }
  }

  /** What must hold at any moment. */
  #look(): void {
    for (const { conversation } of this.#server.keeper.live.all())
      try {
        assertConsistent(conversation.runner.state);
      } catch (error) {
        this.problems.push(`A stream's state is not sound: ${(error as Error).message}`);
      }
    if (this.#attackers.sessions.has(this.#victim ?? '')) this.problems.push('An attacker was welcomed to the session beside.');
    if ('polluted' in {} || Object.keys(Object.prototype).length > 0) this.problems.push('Object.prototype was changed.');
    for (const { level, message, fields } of this.#log.lines)
      if (level === 'error' && !expectedErrors.includes(message)) this.problems.push(`The log says: ${message} ${JSON.stringify(fields)}`);
  }

  /** What must hold when the attackers are gone, and all waits are over. */
  async #judge(): Promise<void> {
    const stored = await this.#server.sessions.list({ state: 'ACTIVE' });
    if (!stored.succeeded || stored.sessions.total !== 1) this.problems.push(`Left in the store: ${JSON.stringify(stored).slice(0, 500)}.`);
    const { pending, unconfirmed, active } = this.#server.counts;
    const lost = this.#server.keeper.lost.size;
    if (pending + unconfirmed + lost > 0 || active !== 1)
      this.problems.push(`Left behind: ${pending} pending, ${unconfirmed} unconfirmed, ${lost} lost, ${active - 1} active.`);
    const expected = Array.from({ length: this.#said }, (_, index) => index + 1);
    if (JSON.stringify(this.#echoed) !== JSON.stringify(expected))
      this.problems.push(`The session beside said 1 to ${this.#said}, and heard ${JSON.stringify(this.#echoed).slice(0, 200)}.`);
  }
}

/** What came of a script. */
export interface Fuzzed {
  /** What is wrong: nothing, in the end. */
  readonly problems: readonly string[];
  /** How often the attackers were told what. */
  readonly told: ReadonlyMap<string, number>;
}

export const fuzzed = async (script: FuzzScript): Promise<Fuzzed> => {
  const thrown: string[] = [];
  const note = (error: unknown): void => void thrown.push(`A rejection that nobody handled: ${(error as Error).stack ?? String(error)}`);
  process.on('unhandledRejection', note);
  const run = new FuzzRun(script);
  try {
    await run.run(script);
    await run.close();
  } catch (error) {
    thrown.push(`Thrown: ${(error as Error).stack}`);
  } finally {
    process.off('unhandledRejection', note);
  }
  return { problems: [...run.problems, ...thrown], told: run.told };
};
