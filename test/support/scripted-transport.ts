/**
 * A transport whose far end is written by the test, word by word or as a script. How to use and extend it, most common first:
 *
 * - Say everything by hand: the links come in the order in which they were opened.
 *
 *       const wire = scriptedTransport({ clock: host.clock });
 *       const kitty = createClient({ transport: wire });
 *       const starting = kitty.startSession({ username: 'jane' });
 *       const link = await wire.link();
 *       await link.hello();                 // asks for the credential, as a wire does, and says opened
 *       link.welcomed();                    // or link.denied('AccessDeniedError'), link.lost('ConnectionLostError')
 *       link.received({ kind: 'message', type: 'chat', payload: 1 });
 *
 * - Have every link behave: a behaviour is a function of the link, so that new ones are put together from these.
 *
 *       scriptedTransport({ script: admits });
 *       scriptedTransport({ script: inTurn(refuses, denies('ServerBusyError', { retryAfterMs: 300 }), admits) });
 *
 * - See what the client did: `wire.links`, `link.written`, `link.wrote(n)`, `link.probes`, `link.openings`, `link.ended`.
 * - A link keeps its `LinkOptions` on the clock that is given; without one, it waits for ever.
 * - A link is strict, as the contract of the port wants it: what it says after its end is not passed on. `link.insists` passes it on all the
 *   same, to see how an owner takes a transport that breaks its promise.
 */
import type { Clock, TimerHandle } from '../../machines/ports/host.js';
import type { Link, LinkEvents, LinkOptions, Openings, StartOpening, StreamTerms, Transport } from '../../machines/ports/transport.js';
import { type Failure, failure, type ReasonCode } from '../../machines/reasons.js';
import type { Welcome } from '../../machines/session/events.js';
import type { Ack, InboundItem, OutboundPacket, Positions } from '../../machines/stream/packets.js';
import { jane } from './ninelives-bench.js';

export type Behaviour = (link: ScriptedLink) => unknown;

export interface ScriptedOptions {
  /** For the times of `LinkOptions`. */
  readonly clock?: Pick<Clock, 'setTimeout' | 'clearTimeout'>;
  /** What each link does by itself; by hand where none is given. */
  readonly script?: Behaviour;
}

export interface ScriptedTransport extends Transport {
  readonly links: readonly ScriptedLink[];
  /** The next link that nobody took yet, once it is opened. */
  link(): Promise<ScriptedLink>;
}

export const terms: StreamTerms = { window: { messages: 1_024, size: 1_048_576 }, messageSizeMax: 262_144, ackDelayMs: 25 };

export const welcome = (more: Partial<Welcome> = {}): Welcome => ({
  sessionId: 'scripted-session',
  user: jane,
  outcome: 'started',
  resumeWindowMs: 0,
  expiresAt: null,
  incarnation: 1,
  ...more,
});

type What = ReasonCode | Failure;
const failureOf = (what: What, more?: Partial<Failure>): Failure => (typeof what === 'string' ? failure(what, undefined, more) : what);

/** One connection. Its methods are what the far end does; `write`, `probe` and `close` are its owner's. */
export class ScriptedLink implements Link {
  readonly openings: Openings;
  readonly options: LinkOptions;
  /** What the owner wrote while it was welcomed, in order. */
  readonly written: OutboundPacket[] = [];
  /** How often the owner asked whether something is heard. */
  probes = 0;
  /** How often the owner brought a new credential. */
  renewals = 0;
  /** How it ended, once it has. */
  ended: 'closed' | 'goodbye' | 'lost' | 'denied' | null = null;
  readonly #events: LinkEvents;
  readonly #clock: ScriptedOptions['clock'];
  readonly #over = new AbortController();
  #isWelcomed = false;
  #timer: TimerHandle | null = null;
  #waiters: (() => void)[] = [];

  constructor(openings: Openings, events: LinkEvents, options: LinkOptions, clock: ScriptedOptions['clock']) {
    this.openings = openings;
    this.options = options;
    this.#events = events;
    this.#clock = clock;
    this.#limit(options.connectTimeoutMs, 'ConnectTimeoutError');
  }

  // --- Its owner's ---

  write(packets: readonly OutboundPacket[]): void {
    if (!this.#isWelcomed || this.ended !== null) return;
    this.written.push(...packets);
    this.#wake();
  }

  probe(): void {
    this.probes += 1;
  }

  renew(): void {
    this.renewals += 1;
    this.#wake();
  }

  close(goodbye = false): void {
    this.#end(goodbye && this.#isWelcomed ? 'goodbye' : 'closed');
  }

  // --- What the far end does ---

  /** Ask for the credential, as a wire does; null where the owner could not give one, which ends the link. */
  async ask(): Promise<StartOpening | null> {
    try {
      return await this.openings.start(this.#over.signal);
    } catch (thrown) {
      const known = typeof thrown === 'object' && thrown !== null && 'failure' in thrown ? (thrown.failure as Failure) : undefined;
      this.lost(known ?? 'AuthParamsUnavailableError');
      return null;
    }
  }

  /** The credential where one is due, then open. */
  async hello(): Promise<StartOpening | null> {
    const credential = this.openings.resume === null ? await this.ask() : null;
    this.opened();
    return credential;
  }

  opened(): void {
    if (this.ended !== null) return;
    this.#limit(this.options.helloTimeoutMs, 'HelloTimeoutError');
    this.#events.opened();
  }

  welcomed(more: Partial<Welcome> = {}, positions: Positions | null = null): void {
    if (this.ended !== null) return;
    this.#isWelcomed = true;
    this.#unlimit();
    this.#events.welcomed(welcome(more), terms, positions);
  }

  denied(what: What, more?: Partial<Failure>): void {
    if (this.#end('denied')) this.#events.denied(failureOf(what, more));
  }

  lost(what: What, more?: Partial<Failure>): void {
    if (this.#end('lost')) this.#events.lost(failureOf(what, more));
  }

  /** The session is not known: ask for the credential instead, within the link's time. */
  gone(): Promise<StartOpening | null> {
    this.#limit(this.options.helloTimeoutMs, 'AuthParamsUnavailableError');
    return this.ask();
  }

  suspected(): void {
    if (this.ended === null) this.#events.suspected();
  }

  heard(): void {
    if (this.ended === null) this.#events.heard();
  }

  measured(roundTripMs: number): void {
    if (this.ended === null) this.#events.measured(roundTripMs);
  }

  /** Data, in one piece. Sizes are made up: an honest peer's. */
  received(...packets: readonly (InboundItem | Ack)[]): void {
    if (this.ended !== null || !this.#isWelcomed) return;
    this.#events.received(packets.map((packet) => (packet.kind === 'ack' ? packet : { ...packet, size: sizeOf(packet) })));
  }

  /** Its owner's ears, whatever has been told before: to break promises. */
  get insists(): LinkEvents {
    return this.#events;
  }

  /** Resolves once this many packets were written. */
  wrote(count: number): Promise<void> {
    return this.#until(() => this.written.length >= count);
  }

  /** Resolves once it is over. */
  over(): Promise<void> {
    return this.#until(() => this.ended !== null);
  }

  async #until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #end(how: NonNullable<ScriptedLink['ended']>): boolean {
    if (this.ended !== null) return false;
    this.ended = how;
    this.#unlimit();
    this.#over.abort();
    this.#wake();
    return true;
  }

  #limit(ms: number, code: ReasonCode): void {
    this.#unlimit();
    this.#timer = this.#clock?.setTimeout(() => this.lost(code), ms) ?? null;
  }

  #unlimit(): void {
    if (this.#timer !== null) this.#clock?.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const sizeOf = (item: InboundItem): number => ('payload' in item ? (JSON.stringify(item.payload) ?? '').length : 0);

export const scriptedTransport = ({ clock, script }: ScriptedOptions = {}): ScriptedTransport => {
  const links: ScriptedLink[] = [];
  let waiters: (() => void)[] = [];
  let taken = 0;
  return {
    name: 'scripted',
    open: (openings, events, options) => {
      const link = new ScriptedLink(openings, events, options, clock);
      links.push(link);
      // Nothing may be told from inside the call.
      queueMicrotask(() => {
        if (link.ended === null) script?.(link);
        for (const wake of waiters) wake();
        waiters = [];
      });
      return link;
    },
    links,
    link: async () => {
      const which = taken;
      taken += 1;
      while (links.length <= which) await new Promise<void>((resolve) => waiters.push(resolve));
      return links[which] as ScriptedLink;
    },
  };
};

// --- Behaviours ---

/** Lets everybody in. A session that is to be resumed is gone. */
export const admits: Behaviour = async (link) => {
  await link.hello();
  if (link.openings.resume !== null) await link.gone();
  link.welcomed({ sessionId: `session-${link.openings.resume?.sessionId ?? 'first'}`.slice(-30) });
};

/** Lets everybody in, lets a session go on, and never heard anything of what it says. */
export const admitsDeafly: Behaviour = async (link) => {
  await link.hello();
  const { resume } = link.openings;
  if (resume === null) return link.welcomed({ sessionId: 'session-first' });
  const nothing = { received: 0, done: 0, seen: 0, last: 0, exceptions: [], incarnation: 1 };
  link.welcomed({ sessionId: resume.sessionId, outcome: 'resumed' }, nothing);
};

/** Nobody accepts. */
export const refuses: Behaviour = (link) => link.lost('ConnectionFailedError');

/** The opening is never answered. */
export const isSilent: Behaviour = () => undefined;

/** Opens, and never answers the hello. */
export const greetsOnly: Behaviour = (link) => link.hello();

/** Says no. */
export const denies =
  (what: What, more?: Partial<Failure>): Behaviour =>
  async (link) => {
    await link.hello();
    link.denied(what, more);
  };

/** Each link behaves as the next of these, the last one for good. */
export const inTurn = (...behaviours: readonly [Behaviour, ...Behaviour[]]): Behaviour => {
  let turn = 0;
  return (link) => {
    const behaviour = behaviours[Math.min(turn, behaviours.length - 1)];
    turn += 1;
    return behaviour?.(link);
  };
};
