import { type ActorRefFrom, createActor, fromCallback } from 'xstate';
import { xstateClock } from '../../adapters/hosts/xstate-clock.js';
import type { Host, NetworkHint } from '../../machines/ports/host.js';
import type { StreamTerms, Transport } from '../../machines/ports/transport.js';
import type { User } from '../../machines/ports/user.js';
import { type Failure, reasons } from '../../machines/reasons.js';
import type { Emitted, Fact, LinkCommand, Welcome } from '../../machines/session/events.js';
import { type CommandMethod, emittedTypes } from '../../machines/session/public.js';
import { type LinkInput, type SessionMachine, sessionMachine } from '../../machines/session/session.machine.js';
import { errorOf, NineLivesError } from '../errors.js';
import type { Conversation } from '../stream/conversation.js';
import { isSignal, isSpan } from '../stream/room.js';
import type { Unconfirmed } from '../stream/sent.js';
import type { Client } from './api.js';
import { converse } from './converse.js';
import { Credentials, claimOf } from './credentials.js';
import { Emitter } from './emitter.js';
import type { ClientEvents } from './events.js';
import { Identity } from './identity.js';
import { guarded } from './inspection.js';
import { Keeping } from './keeping.js';
import { Links, type Receive } from './links.js';
import { type ClientOptions, clientDefaults, policyOf, type StartOptions } from './options.js';
import type { KeptSession } from './persist/tab-keeper.js';
import { type EndResult, type StartResult, startFailed, startSucceeded } from './results.js';
import { ClientSession } from './session.js';
import { type ClientSnapshot, type View, viewOf } from './snapshot.js';
import { Snapshots } from './snapshots.js';

/** Every command of the machine has its method here: one that is added there and not here does not compile. */
type Commands = Pick<Client, CommandMethod>;

/** A start under way. */
interface Start {
  settle(result: StartResult<ClientSession>): void;
}

export class SessionClient implements Client, Commands {
  readonly #options: ClientOptions;
  readonly #host: Host;
  readonly #credentials: Credentials;
  readonly #links: Links;
  readonly #keeping: Keeping | null;
  readonly #events = new Emitter<ClientEvents>();
  readonly #actor: ActorRefFrom<SessionMachine>;
  readonly #snapshots = new Snapshots((former) => this.#viewAfter(former));
  #session: ClientSession | null = null;
  #start: Start | null = null;
  /** Is the session one that an earlier page left? */
  #wasRestored = false;
  #ends: ((result: EndResult) => void)[] = [];
  #unconfirmed: readonly Unconfirmed[] = [];
  #stopHints: (() => void) | null = null;

  constructor(options: ClientOptions, host: Host, transport: Transport) {
    this.#options = options;
    this.#host = host;
    this.#credentials = new Credentials(host, () => this.#keeping?.save());
    const session = (): ClientSession | null => this.#session ?? this.#keeping?.restored ?? null;
    this.#links = new Links(options, host, transport, this.#credentials, {
      session,
      ready: () => this.#keeping?.ready ?? null,
      started: (welcome, terms) => this.#started(welcome, terms),
      identified: (user, expiresAt) => {
        this.#session?.conversation.identify(user);
        this.#identified(user, expiresAt);
      },
      renewalAsked: () => this.#session?.identity.asked(),
      resumed: () => this.#resumed(),
      refused: (what) => this.#refused(what),
      changed: () => this.#snapshots.changed(),
    });
    this.#keeping =
      options.persist === undefined
        ? null
        : new Keeping(host, options.url ?? transport.name, this.#credentials, {
            session,
            incarnation: () => this.#links.incarnation,
            restore: (kept) => this.#restore(kept),
          });
    const machine = sessionMachine.provide({
      actors: {
        link: fromCallback<LinkCommand, LinkInput>(({ input, sendBack, receive }) =>
          this.#links.open(input.link, sendBack as (fact: Fact) => void, receive as Receive),
        ),
      },
    });
    this.#actor = createActor(machine, {
      clock: xstateClock(host.clock),
      inspect: guarded(options.inspect),
      input: { policy: policyOf(options) },
    });
    for (const type of emittedTypes) this.#actor.on(type, (event) => this.#emitted(event));
    this.#actor.subscribe(() => this.#snapshots.changed());
    this.#actor.start();
  }

  get session(): ClientSession | null {
    return this.#session;
  }

  startSession(options: StartOptions): Promise<StartResult<ClientSession>> {
    return new Promise((resolve) => {
      const refuse = (error: NineLivesError): void => resolve(startFailed(error));
      try {
        this.#begin(options, resolve, refuse);
      } catch (error) {
        // Whatever an app's getters and hooks throw: a start never rejects, and what has not begun is not under way.
        this.#start = null;
        this.#over(false);
        refuse(errorOf('InvalidOptionError', 'Looking at it threw.', error));
      }
    });
  }

  #begin(options: StartOptions, resolve: (result: StartResult<ClientSession>) => void, refuse: (error: NineLivesError) => void): void {
    // The order matters: a client that has a session says so before it looks at anything else. Called from inside an event's listener, the
    // machine has yet to take a start that another listener made: that one counts.
    if (this.#start !== null || !this.#actor.getSnapshot().can({ type: 'START' })) return refuse(errorOf('SessionActiveError'));
    const claim = claimOf(options);
    if ('failure' in claim) return refuse(new NineLivesError(claim.failure));
    const { username, deadlineMs, signal } = options;
    if (!isSpan(deadlineMs)) return refuse(errorOf('InvalidOptionError', 'It is `deadlineMs`.'));
    if (!isSignal(signal)) return refuse(errorOf('InvalidOptionError', 'It is `signal`.'));
    if (signal?.aborted === true) return refuse(errorOf('StartAbortedError'));
    const abort = (): void => this.#actor.send({ type: 'END' });
    signal?.addEventListener('abort', abort, { once: true });
    this.#start = {
      settle: (result) => {
        signal?.removeEventListener('abort', abort);
        this.#start = null;
        resolve(result);
      },
    };
    this.#unconfirmed = [];
    this.#links.begin();
    this.#credentials.begin(claim);
    this.#keeping?.begin(claim);
    this.#wasRestored = false;
    this.#stopHints ??= this.#host.onHint((hint) => this.#hinted(hint));
    this.#actor.send({ type: this.#host.online() ? 'NETWORK_ONLINE' : 'NETWORK_OFFLINE' });
    this.#actor.send({ type: 'START', username, deadlineMs });
  }

  endSession(): Promise<EndResult> {
    return new Promise((resolve) => {
      const { value } = this.#actor.getSnapshot();
      if (this.#start === null && (value === 'idle' || value === 'ended')) return resolve({ reason: null, unconfirmed: [] });
      this.#ends.push(resolve);
      this.#actor.send({ type: 'END' });
    });
  }

  retryNow(): boolean {
    const retry = { type: 'RETRY', now: this.#host.clock.now() } as const;
    const isTaken = this.#actor.getSnapshot().can(retry);
    this.#actor.send(retry);
    return isTaken;
  }

  on<E extends keyof ClientEvents>(event: E, listener: ClientEvents[E]): () => void {
    return this.#events.on(event, listener);
  }

  getSnapshot(): ClientSnapshot {
    return this.#snapshots.get();
  }

  subscribe(listener: () => void): () => void {
    return this.#snapshots.subscribe(listener);
  }

  #viewAfter(former: View | null): View {
    const { clock } = this.#host;
    return viewOf(
      this.#actor.getSnapshot(),
      {
        roundTripMs: this.#links.roundTripMs,
        unconfirmed: this.#session?.conversation.unconfirmedCount ?? this.#unconfirmed.length,
        persisted: this.#keeping?.persisted ?? false,
        wallOffsetMs: () => clock.wall() - clock.now(),
      },
      former,
    );
  }

  #converse(about: Pick<Welcome, 'sessionId' | 'user'>, terms: StreamTerms, kept?: KeptSession): Conversation {
    const keeping = this.#keeping;
    return converse(
      this.#options,
      this.#host.clock,
      this.#events,
      {
        write: (packets) => {
          keeping?.save();
          this.#links.write(packets);
        },
        // The server has ended the session: this side says its own goodbye.
        peerEnded: () => this.#actor.send({ type: 'END' }),
        complete: () => this.#confirmEnd(),
        violated: (what) => this.#violated(what),
        dropped: (entry) => {
          keeping?.dropped(entry);
          this.#snapshots.changed();
        },
        changed: keeping === null ? undefined : () => keeping.changed(),
        identified: ({ user, expiresAt }) => {
          this.#credentials.signedIn();
          this.#identified(user, expiresAt);
        },
      },
      this.#session?.registry,
      about,
      terms,
      kept,
    );
  }

  #sessionOf(about: Pick<Welcome, 'sessionId' | 'user'>, conversation: Conversation): ClientSession {
    return new ClientSession(
      about,
      conversation,
      this.#options.requestTimeoutMs ?? clientDefaults.requestTimeoutMs,
      () => this.#snapshots.changed(),
      (session) => new Identity(this.#credentials, this.#links, () => (this.#session === session ? session : null)),
    );
  }

  /** Handlers are registered once the start has settled: messages wait until then. */
  #releaseSoon(conversation: Conversation): void {
    this.#host.clock.macrotask(() => conversation.release());
  }

  /** A new stream begins with the session, before the machine tells the app: what it sends at once has where to go. */
  #started(welcome: Welcome, terms: StreamTerms): void {
    const conversation = this.#converse(welcome, terms);
    if (this.#session === null) {
      this.#session = this.#sessionOf(welcome, conversation);
      this.#releaseSoon(conversation);
    } else {
      const former = this.#session.conversation;
      this.#unconfirmed = former.close('SessionGoneError');
      this.#session.id = welcome.sessionId;
      this.#session.user = welcome.user;
      // A handler that still runs belongs to the session: the next message waits for it, whichever stream it came by.
      former.whenHandled(() => this.#releaseSoon(conversation));
      this.#session.conversation = conversation;
    }
    this.#keeping?.started(this.#session, terms);
  }

  /** What an earlier page left. Nothing of it leaves before the server has said that it goes on. */
  #restore(kept: KeptSession): ClientSession {
    const about = { sessionId: kept.id, user: kept.user };
    const conversation = this.#converse(about, kept.terms, kept);
    conversation.stop();
    this.#links.incarnation = kept.incarnation;
    return this.#sessionOf(about, conversation);
  }

  #resumed(): void {
    const restored = this.#keeping?.restored ?? null;
    if (restored !== null) {
      this.#session = restored;
      this.#wasRestored = true;
      this.#releaseSoon(restored.conversation);
    }
    this.#keeping?.resumed();
  }

  /** What was left is not given back for its token, or is over: a start without it is another question. */
  #refused({ code }: Failure): boolean {
    const { ends } = reasons[code];
    // What else is denied says nothing of the session: another server of the same app may know the key, the origin or the version.
    if (ends === null || (ends === 'denied' && code !== 'AccessDeniedError') || this.#keeping?.restored == null) return false;
    this.#credentials.startAnew();
    this.#keeping.setAside();
    return true;
  }

  #identified(user: User, expiresAt: number | null): void {
    if (this.#session !== null) this.#session.user = user;
    this.#actor.send({ type: 'IDENTIFIED', user, expiresAt });
  }

  #confirmEnd(): void {
    this.#actor.send({ type: 'END_CONFIRMED', link: this.#actor.getSnapshot().context.link });
  }

  #violated(what: Failure): void {
    const { link } = this.#actor.getSnapshot().context;
    this.#actor.send(this.#links.loss(link, what));
  }

  #hinted(hint: NetworkHint): void {
    if (hint === 'leaving') {
      // A page that comes again has no goodbye to say, unless it was saying it.
      const isKept = this.#keeping?.persisted === true && this.#actor.getSnapshot().value !== 'ending';
      return isKept ? undefined : this.#links.leave();
    }
    if (hint === 'hidden') return;
    if (hint === 'thawed') this.#keeping?.thawed();
    const type = hint === 'online' ? 'NETWORK_ONLINE' : hint === 'offline' ? 'NETWORK_OFFLINE' : 'HINTED';
    this.#actor.send({ type, now: this.#host.clock.now() });
    // Whatever happened may have cost the link: ask instead of believing either way.
    this.#links.probe();
  }

  // --- What the machine says ---

  #emitted(event: Emitted): void {
    switch (event.type) {
      case 'active':
        if (this.#session !== null) this.#start?.settle(startSucceeded(this.#session, this.#wasRestored));
        this.#events.emit('active', { sessionId: event.sessionId, user: event.user });
        for (const { sessionId, unconfirmed } of this.#keeping?.takeFormers() ?? [])
          this.#events.emit('gap', { sessionId: event.sessionId, formerSessionId: sessionId, user: event.user, unconfirmed });
        return;
      case 'failed': {
        this.#over(false);
        const error = new NineLivesError(event.failure);
        this.#start?.settle(startFailed(error));
        this.#settleEnds({ reason: null, unconfirmed: [] });
        return this.#events.emit('failed', { error });
      }
      case 'lost':
        this.#session?.conversation.stop();
        return this.#events.emit('lost', { error: new NineLivesError(event.failure) });
      case 'resumed':
        return this.#events.emit('resumed', { sessionId: event.sessionId, user: event.user });
      case 'identity': {
        const { type: _, ...identity } = event;
        return this.#events.emit('identity', identity);
      }
      case 'gap': {
        const { type: _, ...gap } = event;
        return this.#events.emit('gap', { ...gap, unconfirmed: this.#unconfirmed });
      }
      case 'ended': {
        const { sessionId, reason } = event;
        const conversation = this.#session?.conversation;
        const wasConfirmed = conversation?.runner.state.complete === true;
        this.#unconfirmed = conversation?.close(reason === 'ended' ? 'SessionEndedError' : 'NoActiveSessionError') ?? [];
        this.#keeping?.forget();
        // Where the server said the last word, or both did, it has nothing to be told.
        this.#over(reason === 'gaveUp' || (reason === 'ended' && !wasConfirmed));
        const error = event.failure === null ? null : new NineLivesError(event.failure);
        this.#settleEnds({ reason, unconfirmed: this.#unconfirmed });
        return this.#events.emit('ended', { sessionId, reason, error, unconfirmed: this.#unconfirmed });
      }
    }
  }

  /** Nothing is left listening, and no secret is kept that no link needs. */
  #over(abandoned: boolean): void {
    this.#session = null;
    this.#stopHints?.();
    this.#stopHints = null;
    this.#keeping?.release();
    this.#credentials.end(abandoned);
  }

  #settleEnds(result: EndResult): void {
    const ends = this.#ends;
    this.#ends = [];
    for (const settle of ends) settle(result);
  }
}
