/** Thousands of light clients in one process: they start, speak at a rate, come and go. */
import { LightClient, type LightClientOwner } from './light-client.js';
import { type Times, TimesKept } from './times.js';

export interface CrowdSettings {
  readonly port: number;
  /** Which users these are: `user FIRST` and on. */
  readonly first: number;
  /** How long one that was cut is away at most, in milliseconds. */
  readonly awayMaxMs: number;
}

export interface CrowdFigures {
  readonly said: number;
  /** Of the steady clients: from saying something to hearing it back. */
  readonly echoes: Times;
  /** From the connection's first byte to the welcome; also of what came back. */
  readonly starts: Times;
  /** How often one was told to come again later. */
  readonly turnedAway: number;
  readonly ended: number;
  readonly resumed: number;
  readonly abandoned: number;
  readonly open: number;
  /** How many are over because the server goes. */
  readonly drained: number;
  readonly problems: readonly string[];
}

/** Sessions that one loopback address has at most: of its 28,000 ports, some are still waiting for the end of their last connection. */
const PER_ADDRESS = 20_000;
/** How often what is due is said, in milliseconds. */
const TICK_MS = 10;
/** How long an acknowledgement waits for something to ride on, in milliseconds, as the server says in its welcome. */
const ACK_MS = 25;
const SECOND_MS = 1_000;
/** Every so many-th client is a restless one: it comes and goes, where the others stay. */
const RESTLESS_EVERY = 5;
/** In how many ways one goes: see `churn`. */
const WAYS = 3;
/** Problems that are told; one tells as much as a thousand. */
const PROBLEMS_MAX = 20;
/** How long what is under way may take to come back, in milliseconds. */
const SETTLE_MAX_MS = 30_000;

/** The system's choice for the first ones: to be bound to an address before it connects costs a socket a search for a port that nobody uses at all. */
const addressOf = (user: number): string | undefined => (user < PER_ADDRESS ? undefined : `127.0.0.${1 + Math.floor(user / PER_ADDRESS)}`);

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class Crowd implements LightClientOwner {
  readonly port: number;
  readonly #first: number;
  readonly #awayMaxMs: number;
  readonly #clients: LightClient[] = [];
  /** Those that come and go. */
  readonly #restless: LightClient[] = [];
  readonly #owing = new Set<LightClient>();
  readonly #echoes = new TimesKept();
  readonly #starts = new TimesKept();
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers: NodeJS.Timeout[];
  #problems: string[] = [];
  #said = 0;
  #turnedAway = 0;
  #counts = { ended: 0, resumed: 0, abandoned: 0 };
  /** Messages a millisecond, of all clients together; and goings and comings. */
  #talkPerMs = 0;
  #churnPerMs = 0;
  #talkOwed = 0;
  #churnOwed = 0;
  #talkNext = 0;
  #churnNext = 0;
  #tickedAt = performance.now();
  #news: { readonly n: number; left: number; resolve(): void } | null = null;

  constructor({ port, first, awayMaxMs }: CrowdSettings) {
    this.port = port;
    this.#first = first;
    this.#awayMaxMs = awayMaxMs;
    this.#timers = [setInterval(() => this.#tick(), TICK_MS), setInterval(() => this.#acknowledge(), ACK_MS)];
  }

  // --- What its clients tell it ---

  echoed(client: LightClient, ms: number): void {
    if (client.isSteady) this.#echoes.add(ms);
  }

  newsCame({ newsLast }: LightClient): void {
    if (this.#news === null || newsLast !== this.#news.n) return;
    this.#news.left -= 1;
    if (this.#news.left === 0) this.#news.resolve();
  }

  owes(client: LightClient): void {
    this.#owing.add(client);
  }

  turnedAway(): void {
    this.#turnedAway += 1;
  }

  problem(what: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(what);
  }

  // --- What it is told to do ---

  /** More clients, until there are so many. */
  async fill({ to, atOnce }: { readonly to: number; readonly atOnce: number }): Promise<void> {
    const begin = async (): Promise<void> => {
      while (this.#clients.length < to) {
        const index = this.#clients.length;
        const user = this.#first + index;
        const isSteady = index % RESTLESS_EVERY < RESTLESS_EVERY - 1;
        const client = new LightClient(this, `user ${user}`, { isSteady, localAddress: addressOf(user) });
        this.#clients.push(client);
        if (!isSteady) this.#restless.push(client);
        await this.#start(client);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, begin));
  }

  /** Each says goodbye, so many at a time, and is gone. */
  async empty({ atOnce }: { readonly atOnce: number }): Promise<void> {
    const leave = async (): Promise<void> => {
      for (let client = this.#clients.pop(); client !== undefined; client = this.#clients.pop()) await client.end();
    };
    await Promise.all(Array.from({ length: atOnce }, leave));
    this.#restless.length = 0;
  }

  /** So many messages a second, of all of them in turn. */
  talk({ perSecond }: { readonly perSecond: number }): void {
    this.#talkPerMs = perSecond / SECOND_MS;
  }

  /** So many goings and comings a second, of the restless ones: a third end and start anew, a third are cut and resume, a third are cut and start anew. */
  churn({ perSecond }: { readonly perSecond: number }): void {
    this.#churnPerMs = perSecond / SECOND_MS;
  }

  /** What is under way is over, and all that was said has come back. */
  async settle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    const givenUpAt = performance.now() + SETTLE_MAX_MS;
    while (this.#clients.some(({ outstanding, state }) => state === 'open' && outstanding > 0)) {
      if (performance.now() > givenUpAt) {
        const lost = this.#clients.reduce((sum, { outstanding }) => sum + outstanding, 0);
        return this.problem(`${lost} messages did not come back within ${SETTLE_MAX_MS} ms`);
      }
      await rest(ACK_MS);
    }
  }

  /** Settled once every client has these news. */
  async expectNews({ n }: { readonly n: number }): Promise<void> {
    const left = this.#clients.filter(({ newsLast, state }) => state === 'open' && newsLast < n).length;
    if (left > 0) await new Promise<void>((resolve) => (this.#news = { n, left, resolve }));
    this.#news = null;
  }

  figures(): CrowdFigures {
    const figures = {
      said: this.#said,
      echoes: this.#echoes.take(),
      starts: this.#starts.take(),
      turnedAway: this.#turnedAway,
      ...this.#counts,
      open: this.#clients.filter(({ state }) => state === 'open').length,
      drained: this.#clients.filter(({ endedBy }) => endedBy === 'ServerDrainingError').length,
      problems: this.#problems,
    };
    this.#said = 0;
    this.#turnedAway = 0;
    this.#counts = { ended: 0, resumed: 0, abandoned: 0 };
    this.#problems = [];
    return figures;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  async #start(client: LightClient): Promise<void> {
    const at = performance.now();
    await client.start();
    this.#starts.add(performance.now() - at);
  }

  #acknowledge(): void {
    for (const client of this.#owing) client.acknowledge();
    this.#owing.clear();
  }

  #tick(): void {
    const now = performance.now();
    this.#talkOwed += (now - this.#tickedAt) * this.#talkPerMs;
    this.#churnOwed += (now - this.#tickedAt) * this.#churnPerMs;
    this.#tickedAt = now;
    for (; this.#talkOwed >= 1; this.#talkOwed -= 1) {
      const client = this.#clients[this.#talkNext % this.#clients.length];
      this.#talkNext += 1;
      if (client?.state !== 'open') continue;
      client.say();
      this.#said += 1;
    }
    for (; this.#churnOwed >= 1; this.#churnOwed -= 1) this.#goAndCome();
  }

  #goAndCome(): void {
    const client = this.#restless[this.#churnNext % this.#restless.length];
    // Another way each round, so that each of them goes in each way.
    const way = (this.#churnNext + Math.floor(this.#churnNext / this.#restless.length)) % WAYS;
    this.#churnNext += 1;
    if (client?.state !== 'open') return;
    const done = this.#change(client, way)
      .catch((error: Error) => this.problem(error.message))
      .finally(() => this.#underWay.delete(done));
    this.#underWay.add(done);
  }

  async #change(client: LightClient, way: number): Promise<void> {
    if (way === 0) {
      await client.end();
      this.#counts.ended += 1;
      return this.#start(client);
    }
    client.cut();
    if (way === 1) {
      await rest(Math.random() * this.#awayMaxMs);
      const at = performance.now();
      await client.resume();
      this.#starts.add(performance.now() - at);
      this.#counts.resumed += 1;
      return;
    }
    this.#counts.abandoned += 1;
    return this.#start(client);
  }
}
