import type { Host } from '../../machines/ports/host.js';
import type { Link, StreamTerms, Transport } from '../../machines/ports/transport.js';
import type { User } from '../../machines/ports/user.js';
import { type Failure, failure } from '../../machines/reasons.js';
import type { Fact, LinkCommand, Stamp, Welcome } from '../../machines/session/events.js';
import { userOf } from '../../machines/session/session.machine.js';
import type { OutboundData, Positions } from '../../machines/stream/packets.js';
import type { Credentials } from './credentials.js';
import { type ClientOptions, clientDefaults } from './options.js';
import { profiles } from './profiles.js';
import type { ClientSession } from './session.js';

/** What a link's owner does for it. */
export interface LinksOwner {
  /** The session, while there is one. */
  session(): ClientSession | null;
  /** What is to be over before a link can be opened; null: nothing is. */
  ready(): Promise<void> | null;
  /** A session has begun, before the machine is told. */
  started(welcome: Welcome, terms: StreamTerms): void;
  /** The session has this user from now on, until this date. */
  identified(user: User, expiresAt: number | null): void;
  /** The server asks for a new credential. */
  renewalAsked(): void;
  /** The session goes on, before the machine is told. */
  resumed(): void;
  /** The server said no, or that what is asked for is over. True: it was something that can be left out of the next try. */
  refused(what: Failure): boolean;
  /** Something that is shown is another. */
  changed(): void;
}

/** How much has arrived in either direction, as far as this side knows. */
const passed = (stream?: { readonly received: number; readonly peerReceived: number }): number =>
  stream === undefined ? 0 : stream.received + stream.peerReceived;

export type Receive = (listener: (command: LinkCommand) => void) => void;

/** The links of one client, one after the other: what the session machine's actor of that name does. */
export class Links {
  readonly #options: ClientOptions;
  readonly #host: Host;
  readonly #transport: Transport;
  readonly #credentials: Credentials;
  readonly #owner: LinksOwner;
  #link: Link | null = null;
  /** The round-trip time of the latest link, in milliseconds; null until one was measured. */
  roundTripMs: number | null = null;
  /** The server's life that was heard last. */
  incarnation = 0;
  /** What had passed in both directions when the latest link was welcomed; null until it is. */
  #welcomedWith: number | null = null;
  /** Did anything wait to be shipped then? */
  #owed = false;
  /** Did the latest link never open? */
  #failedOpen = false;
  /** What the current link was welcomed with; null before. */
  terms: StreamTerms | null = null;
  #renewed: ((problem: Failure | null) => void) | null = null;

  constructor(options: ClientOptions, host: Host, transport: Transport, credentials: Credentials, owner: LinksOwner) {
    this.#options = options;
    this.#host = host;
    this.#transport = transport;
    this.#credentials = credentials;
    this.#owner = owner;
  }

  /** What earlier links met says nothing about a new start. */
  begin(): void {
    this.#failedOpen = false;
  }

  write(packets: readonly OutboundData[]): void {
    this.#link?.write(packets);
  }

  probe(): void {
    this.#link?.probe();
  }

  /** Bring the server a new credential, one at a time: null where it was accepted. */
  renew(): Promise<Failure | null> {
    return new Promise((resolve) => {
      if (this.#link === null || this.terms === null) return resolve(failure('ConnectionLostError'));
      this.#renewed = resolve;
      this.#link.renew();
    });
  }

  #settleRenewal(problem: Failure | null): void {
    this.#renewed?.(problem);
    this.#renewed = null;
  }

  /** The page is going away: say so. */
  leave(): void {
    this.#link?.close(true);
  }

  /** Time and chance, for a fact. */
  #stamp(): Stamp {
    return { now: this.#host.clock.now(), random: this.#host.random() };
  }

  /** What the machine is told of a link that is lost. */
  loss(link: number, what: Failure): Fact {
    const loss = { type: 'LINK_LOST', link, failure: what, ...this.#stamp() } as const;
    const stream = this.#owner.session()?.conversation.runner.progress;
    if (this.#welcomedWith === null || stream === undefined) return loss;
    if (passed(stream) > this.#welcomedWith) return { ...loss, progress: 'made' };
    // What was sent on this link had little time: only what waited for it says that it was in vain.
    return this.#owed && stream.shipped > stream.peerReceived ? { ...loss, progress: 'none' } : loss;
  }

  /** Open the link of a generation; the returned function is done with it. */
  open(generation: number, tell: (fact: Fact) => void, receive: Receive): () => void {
    let over = false;
    let opened = false;
    /** What a link says once the machine has done with it is nobody's business any more. */
    const current =
      <A extends readonly unknown[]>(take: (...said: A) => void) =>
      (...said: A): void => {
        if (!over) take(...said);
      };
    const lost = current((what: Failure) => {
      this.#failedOpen = !opened;
      tell(this.loss(generation, what));
    });
    this.roundTripMs = null;
    this.#welcomedWith = null;
    let told: Positions | null = null;
    const { silenceMs, pingEveryMs } = profiles[this.#options.profile ?? 'responsive'];
    const open = (): Link =>
      this.#transport.open(
        this.#credentials.openings(
          { apiKey: this.#options.apiKey ?? null, agent: this.#host.agent, window: this.#options.window ?? clientDefaults.window },
          told,
        ),
        {
          opened: current(() => {
            opened = true;
            tell({ type: 'LINK_OPENED', link: generation });
          }),
          welcomed: current((welcome, terms, positions) => {
            if (welcome.outcome === 'started') this.#started(welcome, terms);
            else {
              const problem = this.#resumed(welcome, told, positions);
              if (problem !== null) return lost(failure('ProtocolError', problem));
            }
            this.terms = terms;
            this.#owed = (this.#owner.session()?.conversation.unconfirmedCount ?? 0) > 0;
            this.#welcomedWith = passed(this.#owner.session()?.conversation.runner.progress);
            tell({ type: 'WELCOMED', link: generation, welcome, ...this.#stamp() });
          }),
          denied: current((what) => {
            if (this.#owner.refused(what)) lost(failure('SessionGoneError'));
            else tell({ type: 'DENIED', link: generation, failure: what, ...this.#stamp() });
          }),
          lost: current((what) => lost(this.#owner.refused(what) ? failure('SessionGoneError') : what)),
          concluded: current((positions) => this.#owner.session()?.conversation.conclude(positions)),
          suspected: current(() => tell({ type: 'SUSPECTED', link: generation })),
          heard: current(() => tell({ type: 'HEARD', link: generation })),
          renewalAsked: current(() => this.#owner.renewalAsked()),
          renewed: current((user: User, expiresAt: number | null) => {
            this.#credentials.rotated();
            this.#owner.identified(user, expiresAt);
            this.#settleRenewal(null);
          }),
          unrenewed: current((what: Failure) => this.#settleRenewal(what)),
          measured: current((roundTripMs) => {
            this.roundTripMs = Math.round(roundTripMs * 10) / 10;
            this.#owner.changed();
          }),
          received: (packets) => {
            if (over) return;
            this.#owner.session()?.conversation.received(packets);
            this.#owner.changed();
          },
          progress: () => this.#owner.session()?.conversation.runner.progress ?? null,
        },
        {
          connectTimeoutMs: this.#options.connectTimeoutMs ?? clientDefaults.connectTimeoutMs,
          helloTimeoutMs: this.#options.helloTimeoutMs ?? clientDefaults.helloTimeoutMs,
          afterFailedOpen: this.#failedOpen,
          silenceMs,
          pingEveryMs,
        },
      );
    let link: Link | null = null;
    const begin = (): void => {
      if (over) return;
      told = this.#positions();
      try {
        link = this.#link = open();
      } catch {
        // A machine whose service throws is in error for good: a transport that breaks its promise is a failed try instead.
        queueMicrotask(() => lost(failure('ConnectionFailedError', 'The transport threw.')));
      }
    };
    const ready = this.#owner.ready();
    if (ready === null) begin();
    else void ready.then(begin);
    receive((command) => {
      if (command.type === 'END') this.#owner.session()?.conversation.end();
    });
    return () => {
      over = true;
      link?.close();
      if (this.#link !== link) return;
      this.#link = null;
      this.terms = null;
      this.#settleRenewal(failure('ConnectionLostError'));
    };
  }

  #positions(): Positions | null {
    const session = this.#owner.session();
    return session === null ? null : { ...session.conversation.positions(), incarnation: this.incarnation };
  }

  #started(welcome: Welcome, terms: StreamTerms): void {
    this.#credentials.started(welcome.sessionId);
    this.incarnation = welcome.incarnation;
    this.#owner.started(welcome, terms);
  }

  /** The session goes on where it was. What is wrong with that, or null: then the next link begins anew. */
  #resumed(welcome: Welcome, told: Positions | null, peer: Positions | null): string | null {
    const session = this.#owner.session();
    const fits = session !== null && told !== null && peer !== null && session.id === welcome.sessionId;
    const mismatch = fits ? session.conversation.mismatch(peer) : null;
    if (!fits || mismatch !== null) {
      this.#credentials.startAnew();
      return mismatch === null
        ? 'A session was resumed that this client did not ask for.'
        : `The server resumed without what it needs: ${mismatch.direction} ${mismatch.from} to ${mismatch.to}.`;
    }
    this.#credentials.rotated();
    const reborn = this.incarnation !== welcome.incarnation;
    this.incarnation = welcome.incarnation;
    session.user = userOf(session, welcome);
    session.conversation.resume(told, peer, reborn);
    this.#owner.resumed();
    return null;
  }
}
