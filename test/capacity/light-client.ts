/**
 * A client that costs as little as it can and still keeps the protocol: it numbers, acknowledges, resumes, ships again, and says what was lost, doubled
 * or out of order. It shares no code with the library, so that it is a second opinion on the wire as well.
 */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';

/** What a client says of itself while it lives. */
export interface LightClientOwner {
  readonly port: number;
  /** What it said came back, after so many milliseconds. */
  echoed(client: LightClient, ms: number): void;
  newsCame(client: LightClient): void;
  /** Something is owed an acknowledgement: `acknowledge` it soon. */
  owes(client: LightClient): void;
  /** The server said that it is to come again later. */
  turnedAway(): void;
  problem(what: string): void;
}

/** Where it is: `away` between two sessions, and while its link is being made. */
export type LightState = 'away' | 'open' | 'ending' | 'over';

interface Welcome {
  readonly session: string;
  readonly outcome: 'started' | 'resumed';
  readonly incarnation: number;
  readonly positions?: { readonly received: number; readonly done: number };
}
interface Refusal {
  readonly code: string;
  readonly retryAfterMs?: number;
  readonly spreadMs?: number;
}
type Frame = readonly [tag: string, ...rest: readonly unknown[]];

/** What it can hold, as the library's client says it. */
const WINDOW = { messages: 1_024, size: 1_048_576 };
/** Milliseconds before another try where the server names none. */
const RETRY_MS = 500;

const newToken = (): string => randomBytes(32).toString('base64url');
const entryOf = (hello: unknown): string => `ninelives.hello.${Buffer.from(JSON.stringify(hello)).toString('base64url')}`;

export class LightClient {
  readonly username: string;
  /** It stays; others come and go. */
  readonly isSteady: boolean;
  state: LightState = 'away';
  /** It was said hello to by a drain, or by nobody: how its last session ended. */
  endedBy = '';
  readonly #owner: LightClientOwner;
  readonly #localAddress: string | undefined;
  #ws: WebSocket | null = null;
  #session = '';
  #token = '';
  #incarnation = 0;
  /** Frames that the server is not known to be done with, the oldest first; the last one has the number `#shipped`. */
  #unconfirmed: string[] = [];
  #shipped = 0;
  #done = 0;
  #received = 0;
  #saidLast = 0;
  #echoedLast = 0;
  #newsLast = -1;
  #owesAck = false;
  #closed: (() => void) | null = null;

  constructor(
    owner: LightClientOwner,
    username: string,
    { isSteady, localAddress }: { readonly isSteady: boolean; readonly localAddress: string | undefined },
  ) {
    this.#owner = owner;
    this.username = username;
    this.isSteady = isSteady;
    this.#localAddress = localAddress;
  }

  /** What it said and did not hear back. */
  get outstanding(): number {
    return this.#saidLast - this.#echoedLast;
  }

  get newsLast(): number {
    return this.#newsLast;
  }

  /** A new session. Resolves once it is welcomed, however often it was turned away before. */
  async start(): Promise<void> {
    this.#forget();
    this.#token = newToken();
    await this.#open({ start: { username: this.username, token: this.#token } });
  }

  /** The link is gone, without a word; the session is the server's to keep. */
  cut(): void {
    this.state = 'away';
    this.#drop();
  }

  /** Back to the session that was cut. */
  async resume(): Promise<void> {
    const next = newToken();
    const positions = { received: this.#received, done: this.#received, seen: this.#done, last: this.#shipped };
    await this.#open({ resume: { session: this.#session, tokens: [this.#token], next, positions, incarnation: this.#incarnation } });
    this.#token = next;
  }

  /** Says something that is said back. While its link is gone it waits for the next one. */
  say(): void {
    this.#saidLast += 1;
    this.#ship(`["m","say",{"n":${this.#saidLast},"at":${performance.now()}}]`);
  }

  /** An acknowledgement by itself, where one is owed. */
  acknowledge(): void {
    if (!this.#owesAck || (this.state !== 'open' && this.state !== 'ending')) return;
    this.#send('');
  }

  /** A goodbye after which everything is handled and told; resolves once the server has said its own. */
  async end(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.state = 'ending';
    this.#ship('["e"]');
    await closed;
    if (this.endedBy !== 'SessionEndedError') this.#owner.problem(`a session was ended, and the server said ${this.endedBy || 'nothing'}`);
    if (this.outstanding > 0) this.#owner.problem(`a session was ended, and ${this.outstanding} of its messages were not handled`);
  }

  #forget(): void {
    this.#unconfirmed = [];
    [this.#shipped, this.#done, this.#received, this.#saidLast, this.#echoedLast, this.#newsLast] = [0, 0, 0, 0, 0, -1];
    this.#owesAck = false;
    this.endedBy = '';
  }

  #drop(): void {
    this.#ws?.removeAllListeners();
    // What is broken off may still fail.
    this.#ws?.on('error', () => undefined);
    this.#ws?.terminate();
    this.#ws = null;
  }

  async #open(ask: object): Promise<void> {
    const hello = { v: 1, key: 'capacity', features: ['resume'], window: WINDOW, ...ask };
    for (;;) {
      const refusal = await this.#tryToOpen(hello);
      if (refusal === null) return;
      this.#drop();
      if (refusal.code !== 'ServerBusyError') throw new Error(`The server said ${refusal.code}.`);
      this.#owner.turnedAway();
      const waitMs = (refusal.retryAfterMs ?? RETRY_MS) + Math.random() * (refusal.spreadMs ?? 0);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  /** Null: welcomed. */
  #tryToOpen(hello: object): Promise<Refusal | null> {
    return new Promise((resolve, reject) => {
      const ws = new WebSocket(`ws://127.0.0.1:${this.#owner.port}`, ['ninelives.v1', entryOf(hello)], {
        perMessageDeflate: false,
        localAddress: this.#localAddress,
      });
      this.#ws = ws;
      ws.on('error', reject);
      ws.on('close', (code) => {
        reject(new Error(`The link was closed with ${code}.`));
        this.#over(code);
      });
      ws.on('message', (data: Buffer) => {
        for (const frame of JSON.parse(data.toString()) as readonly Frame[]) {
          if (frame[0] === 'welcome') {
            this.#welcomed(frame[1] as Welcome);
            resolve(null);
          } else if (frame[0] === 'deny') resolve(frame[1] as Refusal);
          else if (frame[0] === 'gone' || frame[0] === 'mismatch') resolve({ code: frame[0] });
          else this.#take(frame);
        }
      });
    });
  }

  #welcomed({ session, outcome, incarnation, positions }: Welcome): void {
    this.#session = session;
    this.#incarnation = incarnation;
    this.state = 'open';
    if (outcome === 'started') return this.#ws?.send('[["confirm"]]');
    this.#doneUpTo(positions?.done ?? 0);
    const missing = this.#shipped - (positions?.received ?? 0);
    // In batches of at most 128 frames.
    const again = missing > 0 ? this.#unconfirmed.slice(-missing) : [];
    for (let from = 0; from < again.length; from += 100) this.#ws?.send(`[${again.slice(from, from + 100).join(',')}]`);
  }

  #take([tag, ...rest]: Frame): void {
    switch (tag) {
      case 'm':
        this.#owe();
        return this.#message(rest[0] as string, rest[1] as { readonly n: number; readonly at?: number });
      case 'e':
        return this.#owe();
      case 'a': {
        const [, done, last, , exceptions] = rest as [number, number, number, number, unknown?];
        if (last !== this.#received) this.#owner.problem(`the server counted ${last} messages where ${this.#received} came`);
        if (exceptions !== undefined) this.#owner.problem(`the server says ${JSON.stringify(exceptions)}`);
        return this.#doneUpTo(done);
      }
      case 'ping':
        return this.#ws?.send(`[["pong",${rest[0]}]]`);
      case 'bye':
        this.endedBy = (rest[0] as Refusal).code;
        return;
      default:
        return this.#owner.problem(`the server said ${tag}`);
    }
  }

  #message(type: string, { n, at }: { readonly n: number; readonly at?: number }): void {
    if (type === 'said') {
      if (n !== this.#echoedLast + 1) this.#owner.problem(`the echo of ${n} followed on that of ${this.#echoedLast}`);
      this.#echoedLast = n;
      return this.#owner.echoed(this, performance.now() - (at ?? 0));
    }
    if (this.#newsLast >= 0 && n !== this.#newsLast + 1) this.#owner.problem(`news ${n} followed on ${this.#newsLast}`);
    this.#newsLast = n;
    this.#owner.newsCame(this);
  }

  #owe(): void {
    this.#received += 1;
    if (this.#owesAck) return;
    this.#owesAck = true;
    this.#owner.owes(this);
  }

  #doneUpTo(done: number): void {
    if (done > this.#done) this.#unconfirmed.splice(0, done - this.#done);
    this.#done = Math.max(this.#done, done);
  }

  #ship(frame: string): void {
    this.#shipped += 1;
    this.#unconfirmed.push(frame);
    if (this.state === 'open' || this.state === 'ending') this.#send(frame);
  }

  /** The frame and, where one is owed, the acknowledgement behind it. */
  #send(frame: string): void {
    const ack = this.#owesAck ? `["a",${this.#received},${this.#received},${this.#shipped},${this.#done}]` : '';
    this.#owesAck = false;
    this.#ws?.send(`[${frame}${frame !== '' && ack !== '' ? ',' : ''}${ack}]`);
  }

  #over(code: number): void {
    const wasEnding = this.state === 'ending';
    this.state = 'over';
    this.#ws = null;
    if (this.endedBy === '') this.#owner.problem(`the server closed a link with ${code}, without a word`);
    if (wasEnding) this.#closed?.();
  }
}
