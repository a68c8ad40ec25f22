/** The attackers of one run: links on which frames are said that would be right, before something is done to them. */
import type { MemorySocket, MemorySockets } from '../../../adapters/sockets/memory.js';
import { decodeServerBatch } from '../../../src/wire/decode-server.js';
import { helloEntry, positionsAt } from '../../support/raw.js';
import { password } from '../kit.js';
import { type Batch, type Mutation, mutated } from './mutate.js';
import type { FrameKind } from './script.js';

type Fields = Readonly<Record<string, unknown>>;

/** What is needed to take a session up again, as far as whoever started it knows. */
interface Claim {
  readonly session: string;
  token: string;
  sent: number;
  received: number;
  /** What the server said to be done with. */
  seen: number;
}

interface Link {
  socket: MemorySocket | null;
  isOpen: boolean;
  /** What it said to be its token, and the next one. */
  token: string;
  claim: Claim | null;
  /** It asked for a session with a token that is not its own. */
  isThief: boolean;
}

/** A session that is nobody's business but its owner's. */
export interface Victim {
  readonly session: string;
}

/** Whose admission takes its time. */
export const slowly = 'slow-eve';

const features = ['resume', 'renewal', 'signIn', 'volatile'];
const window = { messages: 20, size: 20_000 };
/** Longer than any run: a link that is not taken gives up by itself. */
const OPEN_TIMEOUT_MS = 1_000;

export class Attackers {
  readonly #sockets: MemorySockets;
  readonly #victim: () => Victim | null;
  readonly #problem: (problem: string) => void;
  readonly #links = new Map<number, Link>();
  #claim: Claim | null = null;
  /** The token of the latest start. */
  #started = '';
  #tokens = 0;
  /** Ids of the sessions that they were welcomed to. */
  readonly sessions = new Set<string>();
  /** How often they were told what: a frame by its tag, a refusal or goodbye by its code. */
  readonly told = new Map<string, number>();

  constructor(sockets: MemorySockets, victim: () => Victim | null, problem: (problem: string) => void) {
    this.#sockets = sockets;
    this.#victim = victim;
    this.#problem = problem;
  }

  /** A link in the place of the one before, with a hello in its upgrade request or without. */
  open(index: number, entry: Mutation | null): void {
    this.#links.get(index)?.socket?.close();
    const link: Link = { socket: null, isOpen: false, token: this.#newToken(), claim: null, isThief: false };
    this.#links.set(index, link);
    const hello = entry === null ? null : mutated([['hello', this.#hello(link)]], entry);
    const protocols = ['ninelives.v1', ...(hello === null ? [] : [helloEntry(textOf(hello).replace(/^\[\["hello",|\]\]$/g, ''))])];
    link.socket = this.#sockets.open(
      { protocols, openTimeoutMs: OPEN_TIMEOUT_MS },
      {
        opened: () => {
          link.isOpen = true;
        },
        received: (data) => this.#heard(link, data),
        closed: () => {
          link.isOpen = false;
        },
      },
    );
  }

  say(index: number, kinds: readonly FrameKind[], change: Mutation): void {
    const link = this.#links.get(index);
    if (link?.socket == null) return;
    const batch: Batch = kinds.map((kind) => this.#frame(link, kind));
    const data = mutated(batch, change);
    if (typeof data === 'string') link.socket.send(data);
    else link.socket.sendBinary(data);
  }

  isWelcomed(index: number): boolean {
    return (this.#links.get(index)?.claim ?? null) !== null;
  }

  cut(index: number): void {
    this.#links.get(index)?.socket?.close(1006);
    this.#links.delete(index);
  }

  leave(): void {
    for (const index of [...this.#links.keys()]) this.cut(index);
  }

  #newToken(): string {
    this.#tokens += 1;
    return String(this.#tokens).padStart(43, 'A');
  }

  #heard(link: Link, data: string | ArrayBuffer): void {
    const batch = decodeServerBatch(textOf(data));
    if (!batch.ok) return this.#problem(`The server said what is no batch: ${batch.detail}: ${textOf(data).slice(0, 500)}`);
    for (const frame of JSON.parse(textOf(data)) as readonly (readonly [string, ...unknown[]])[]) this.#took(link, frame);
  }

  #took(link: Link, [tag, about, done]: readonly [string, ...unknown[]]): void {
    const claim = link.claim;
    if (link.isThief && (tag === 'welcome' || tag === 'mismatch'))
      this.#problem(`A token that is not the session's own was answered with ${tag}.`);
    const { outcome = tag, code = outcome } = (['welcome', 'deny', 'bye'].includes(tag) ? about : {}) as {
      readonly outcome?: string;
      readonly code?: string;
    };
    this.told.set(code, (this.told.get(code) ?? 0) + 1);
    if (tag === 'welcome') {
      const { session, outcome, positions } = about as { readonly session: string; readonly outcome: string; readonly positions?: Fields };
      this.sessions.add(session);
      const former = outcome === 'resumed' && this.#claim?.session === session ? this.#claim : null;
      link.claim = {
        session,
        token: link.token,
        sent: Number(positions?.received ?? 0),
        received: former?.received ?? 0,
        seen: former?.seen ?? 0,
      };
      this.#claim = link.claim;
    } else if (tag === 'a' && claim !== null) claim.seen = Number(done);
    else if (claim !== null && ['m', 'q', 'r', 'x', 'c', 'e', 'identity'].includes(tag)) claim.received += 1;
    else if (claim !== null && tag === 's') claim.received += Number(about);
  }

  #hello(link: Link, more: Fields = {}): Fields {
    return { v: 1, features, window, start: { username: 'eve', token: link.token }, ...more };
  }

  #resume(link: Link, session: string, tokens: readonly string[], positions: Fields): Fields {
    const { start: _, ...hello } = this.#hello(link) as Record<string, unknown>;
    link.token = this.#newToken();
    return { ...hello, resume: { session, tokens, next: link.token, positions: positionsAt(positions), incarnation: 1 } };
  }

  #frame(link: Link, kind: FrameKind): readonly unknown[] {
    const claim = link.claim ?? { session: 'nobody', token: link.token, sent: 0, received: 0, seen: 0 };
    const last = this.#claim ?? claim;
    const victim = this.#victim()?.session ?? 'nobody';
    const numbered = (frame: readonly unknown[]): readonly unknown[] => {
      claim.sent += 1;
      return frame;
    };
    switch (kind) {
      case 'start':
        this.#started = link.token;
        return ['hello', this.#hello(link)];
      case 'startAgain':
        return ['hello', this.#hello(link, { start: { username: 'eve', token: this.#started || link.token } })];
      case 'startSlowly':
        return ['hello', this.#hello(link, { start: { username: slowly, token: link.token } })];
      case 'resume': {
        const { session, token, received, seen, sent } = last;
        return ['hello', this.#resume(link, session, [token], { received, done: received, seen, last: sent })];
      }
      case 'resumeFalse':
        return [
          'hello',
          this.#resume(link, last.session, [last.token], {
            received: last.received,
            done: last.received + 1,
            seen: last.seen + 1,
            last: 0,
          }),
        ];
      case 'resumeStale':
        return ['hello', this.#resume(link, last.session, [this.#newToken()], {})];
      case 'resumeVictim':
        link.isThief = true;
        return ['hello', this.#resume(link, victim, [last.token], {})];
      case 'abandonVictim':
        return ['hello', this.#hello(link, { abandoned: { session: victim, tokens: [last.token] } })];
      case 'lateStart':
        return ['start', { username: 'mallory', token: link.token }];
      case 'confirm':
        return ['confirm'];
      case 'message':
        return numbered(['m', 'say', { n: claim.sent }]);
      case 'slowMessage':
        return numbered(['m', 'slow', 1]);
      case 'failingMessage':
        return numbered(['m', 'fail', 1]);
      case 'unhandledMessage':
        return numbered(['m', 'nobody', 1]);
      case 'expiringMessage':
        return numbered(['m', 'say', 1, { ttlMs: 10, re: true }]);
      case 'request':
        return numbered(['q', 'mirror', 1_000, [1, 'two', { three: 3 }]]);
      case 'unansweredRequest':
        return numbered(['q', 'never', 500, 1]);
      case 'reply':
        return numbered(['r', Math.max(claim.received, 1), 'an answer']);
      case 'failure':
        return numbered(['x', Math.max(claim.received, 1), 'RequestFailedError', 'no']);
      case 'cancel':
        return numbered(['c', Math.max(claim.sent, 1)]);
      case 'skip':
        claim.sent += 3;
        return ['s', 3];
      case 'end':
        return numbered(['e']);
      case 'ack':
        return ['a', claim.received, claim.received, claim.sent, claim.seen];
      case 'ackFuture':
        return ['a', claim.received + 5, claim.received + 5, claim.sent, claim.seen];
      case 'ackUnreceived':
        return ['a', claim.received, claim.received + 1, claim.sent, claim.seen];
      case 'skipFar':
        return ['s', Number.MAX_SAFE_INTEGER - 3];
      case 'ackBack':
        return ['a', 0, 0, claim.sent, 0];
      case 'ackExceptions':
        return ['a', claim.received, claim.received, claim.sent, claim.seen, [[Math.max(claim.received, 1), 'failed']]];
      case 'volatile':
        return ['v', 'say', 'now'];
      case 'ping':
        return ['ping', 7];
      case 'pong':
        return ['pong', 1];
      case 'renewal':
        link.token = this.#newToken();
        return ['renewal', { authParams: { password }, token: link.token }];
      case 'signIn':
        return numbered(['signin', { username: 'eve-user', authParams: { password }, token: this.#newToken() }]);
      case 'signInWrong':
        return numbered(['signin', { username: 'jane', authParams: { password: 'guessed' }, token: this.#newToken() }]);
      case 'bye':
        return ['bye', { code: 'ServerError', message: '', positions: positionsAt({ received: claim.received, done: claim.received }) }];
      case 'byeEnd':
        return ['bye', { code: 'SessionEndedError', message: '' }];
    }
  }
}

const textOf = (data: string | ArrayBuffer): string => (typeof data === 'string' ? data : new TextDecoder().decode(data));
