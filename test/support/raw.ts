/**
 * A client that says what it is told to, right or wrong: a bare WebSocket whose frames are awaited one by one.
 *
 *     const raw = await openRaw(url);              // no hello yet
 *     raw.send(['hello', helloFor('jane')]);
 *     const welcome = await raw.take('welcome');   // ['welcome', { session, ... }]
 *
 * `startRaw` does this and confirms. `helloEntry` puts a hello into the upgrade request.
 */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';
import { within } from './until.js';

export type RawFrame = readonly [tag: string, ...rest: unknown[]];

// biome-ignore lint/suspicious/noExplicitAny: a test reads the fields of a frame that it expects.
export type Fields = any;

export interface RawClose {
  readonly code: number;
  readonly reason: string;
}

export const newToken = (): string => randomBytes(32).toString('base64url');

/** The object of a valid hello, with what a test wants to be otherwise. */
export const helloFor = (
  username: string,
  { authParams, token = newToken(), ...more }: Record<string, unknown> = {},
): Record<string, unknown> => ({
  v: 1,
  features: [],
  window: { messages: 1_000, size: 1_000_000 },
  start: { username, token, ...(authParams === undefined ? {} : { authParams }) },
  ...more,
});

/** A subprotocol entry of any object, or of any text. */
export const helloEntry = (hello: unknown): string =>
  `ninelives.hello.${Buffer.from(typeof hello === 'string' ? hello : JSON.stringify(hello)).toString('base64url')}`;

export class RawClient {
  readonly ws: WebSocket;
  /** Everything that came, in order. */
  readonly frames: RawFrame[] = [];
  /** The same as text, to be searched for what must not be in it. */
  text = '';
  readonly closed: Promise<RawClose>;
  #taken = 0;
  #arrived: (() => void)[] = [];
  #close: RawClose | null = null;

  readonly #limitMs: number | undefined;

  constructor(ws: WebSocket, limitMs?: number) {
    this.ws = ws;
    this.#limitMs = limitMs;
    ws.on('message', (data) => {
      this.text += data.toString();
      this.frames.push(...(JSON.parse(data.toString()) as RawFrame[]));
      this.#wake();
    });
    ws.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => {
        this.#close = { code, reason: reason.toString() };
        resolve(this.#close);
        this.#wake();
      });
    });
  }

  /** One batch. */
  send(...frames: readonly (readonly unknown[])[]): void {
    this.ws.send(JSON.stringify(frames));
  }

  sendText(text: string): void {
    this.ws.send(text);
  }

  /** The next frame with this tag that was not taken yet; those before it are passed over. */
  take(tag: string): Promise<RawFrame> {
    return within(this.#take(tag), () => `["${tag}"]; there came ${this.text.slice(0, 500)}`, this.#limitMs);
  }

  /** The refusal and the close that a server ends this connection with. */
  async refusal(): Promise<{ readonly tag: string; readonly code: string; readonly message: string; readonly closeCode: number }> {
    const { code: closeCode } = await within(this.closed, () => `the close; there came ${this.text.slice(0, 500)}`);
    const said = this.frames.filter(([tag]) => tag === 'deny' || tag === 'bye');
    if (said.length !== 1) throw new Error(`One refusal was to come, not ${said.length}: ${this.text.slice(0, 500)}`);
    const [tag, { code, message }] = said[0] as [string, Fields];
    if (this.frames.at(-1) !== said[0]) throw new Error('Something was said behind the refusal.');
    return { tag, code, message, closeCode };
  }

  /** Confirm the welcome that came, and give its fields. */
  async confirmed(): Promise<Fields> {
    const [, welcome] = await this.take('welcome');
    this.send(['confirm']);
    return welcome;
  }

  close(): Promise<RawClose> {
    this.ws.close();
    return within(this.closed, 'the close of a raw client');
  }

  /** As when a process dies: no close frame. */
  drop(): void {
    this.ws.terminate();
  }

  async #take(tag: string): Promise<RawFrame> {
    for (;;) {
      while (this.#taken < this.frames.length) {
        const frame = this.frames[this.#taken] as RawFrame;
        this.#taken += 1;
        if (frame[0] === tag) return frame;
      }
      if (this.#close !== null)
        throw new Error(`Closed with ${this.#close.code} while ["${tag}"] was waited for; there came ${this.text.slice(0, 500)}`);
      await new Promise<void>((resolve) => this.#arrived.push(resolve));
    }
  }

  #wake(): void {
    const arrived = this.#arrived;
    this.#arrived = [];
    for (const resolve of arrived) resolve();
  }
}

export interface RawOptions {
  /** Offered besides `ninelives.v1`. */
  readonly entries?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** How long the opening, and each frame that is awaited, may take, in milliseconds: longer where there are very many at once. */
  readonly limitMs?: number;
}

/** An open connection that has said nothing yet, besides what its upgrade request carries. */
export const openRaw = async (url: string, { entries = [], headers = {}, limitMs }: RawOptions = {}): Promise<RawClient> => {
  const ws = new WebSocket(url, ['ninelives.v1', ...entries], { headers, perMessageDeflate: false });
  const raw = new RawClient(ws, limitMs);
  const opened = new Promise<void>((resolve, reject) => {
    ws.once('open', resolve);
    ws.once('error', reject);
  });
  await within(opened, `the opening of ${url}`, limitMs);
  return raw;
};

/** A confirmed session, whose client does nothing more by itself: it neither acknowledges nor answers pings. */
export const startRaw = async (
  url: string,
  username: string,
  more: Record<string, unknown> = {},
  options: RawOptions = {},
): Promise<{ raw: RawClient; welcome: Fields }> => {
  const raw = await openRaw(url, options);
  raw.send(['hello', helloFor(username, more)]);
  return { raw, welcome: await raw.confirmed() };
};

/** A confirmed session that may be resumed, and what a resume of it has to say. */
export const startResumable = async (
  url: string,
  username: string,
  more: Record<string, unknown> = {},
  options: RawOptions = {},
): Promise<{ raw: RawClient; welcome: Fields; token: string }> => {
  const token = newToken();
  return { ...(await startRaw(url, username, { features: ['resume'], token, ...more }, options)), token };
};

/** Where a client stands that has said and heard nothing, with what a test wants to be otherwise. */
export const positionsAt = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  received: 0,
  done: 0,
  seen: 0,
  last: 0,
  ...more,
});

/** The object of a hello that resumes. */
export const resumeFor = (
  session: string,
  tokens: readonly string[],
  { next = newToken(), positions = {}, life, ...more }: Record<string, unknown> = {},
): Record<string, unknown> => {
  const { start: _, ...hello } = helloFor('');
  return {
    ...hello,
    features: ['resume'],
    resume: {
      session,
      tokens,
      next,
      positions: positionsAt(positions as Record<string, unknown>),
      incarnation: 1,
      ...(life === undefined ? {} : { life }),
    },
    ...more,
  };
};

/** A connection that has asked for a session again, and nothing more. */
export const resumeRaw = async (...[url, ...about]: [url: string, ...Parameters<typeof resumeFor>]): Promise<RawClient> => {
  const raw = await openRaw(url);
  raw.send(['hello', resumeFor(...about)]);
  return raw;
};
