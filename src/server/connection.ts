import { either as E } from 'fp-ts';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  type ConnectionTimer,
  reduceConnection,
} from '../../machines/connection/connection.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { TimerHandle } from '../../machines/ports/host.js';
import type { AcceptedSocket, SocketClose } from '../../machines/ports/socket.js';
import { type EndReason, type Failure, failure } from '../../machines/reasons.js';
import type { InboundPacket, OutboundPacket } from '../../machines/stream/packets.js';
import { Steps } from '../steps.js';
import { decodeClientBatch } from '../wire/decode-client.js';
import { encodeBatch } from '../wire/encode.js';
import type { ClientFrame, HelloFields, OutboundFrame, StartFields, WelcomeFields } from '../wire/frames.js';
import type { OfferedHello } from '../wire/hello.js';
import { helloSizeMax } from '../wire/limits.js';
import { type AdmittedSession, authoriseHello } from './admission.js';
import type { Settings } from './options.js';
import type { LiveSession } from './session.js';

/** What a connection needs of its server. */
export interface ConnectionServer {
  readonly settings: Settings;
  readonly incarnation: number;
  readonly clock: {
    now(): number;
    setTimeout(callback: () => void, delayMs: number): TimerHandle;
    clearTimeout(handle: TimerHandle): void;
  };
  /** Decide on a start. Never rejects. */
  admit(attempt: {
    hello: HelloFields;
    start: StartFields;
    request: RequestInfo;
    signal: AbortSignal;
  }): Promise<E.Either<Failure, AdmittedSession>>;
  /** The session that the same start made on another connection and that is not confirmed, taken over from it. */
  takeOver(hello: HelloFields, start: StartFields, by: ServerConnection): LiveSession | null;
  /** A session for what was admitted. */
  open(admitted: AdmittedSession, hello: HelloFields, start: StartFields, connection: ServerConnection): LiveSession;
  announce(session: LiveSession): void;
  /** Its client never learnt of it. */
  forget(session: LiveSession): void;
  /** What was admitted for nobody. */
  discard(admitted: AdmittedSession): void;
  end(session: LiveSession, reason: EndReason, what: Failure | null): void;
  /** A session that its user gave up while it was lost. */
  abandon(abandoned: NonNullable<HelloFields['abandoned']>, key: string | undefined): void;
  /** For the log. */
  refused(what: Failure, request: RequestInfo): void;
  /** It is welcomed, or over: it no longer counts among those that say nothing. */
  settled(connection: ServerConnection): void;
  closed(connection: ServerConnection): void;
}

/** How much longer than its rhythm a client may be silent, in milliseconds: a slow link's round trip and a throttled tab's pong. */
const silenceGraceMs = 10_000;

/** One connection: its socket's events in, the table's decisions done. */
export class ServerConnection {
  readonly #server: ConnectionServer;
  readonly #socket: AcceptedSocket;
  readonly request: RequestInfo;
  readonly steps: Steps<ConnectionEffect>;
  #state: ConnectionState = 'awaitingHello';
  #hello: HelloFields | null = null;
  #start: StartFields | null = null;
  #session: LiveSession | null = null;
  #expiresAt: number | null = null;
  #admission: AbortController | null = null;
  #packets: readonly InboundPacket[] = [];
  #timer: TimerHandle | null = null;
  #heardAt: number;
  #sentAt: number;
  #pings = 0;

  constructor(server: ConnectionServer, socket: AcceptedSocket, request: RequestInfo, held = false) {
    this.#server = server;
    this.#socket = socket;
    this.request = request;
    this.steps = new Steps((effect) => this.#perform(effect), held);
    this.#heardAt = this.#sentAt = server.clock.now();
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Begin: with the hello that the upgrade request carried, or waiting for one. */
  open(offered: OfferedHello): void {
    this.#socket.listen({ received: (data) => this.#received(data), closed: (close) => this.#closed(close) });
    this.#startTimer('hello');
    if (offered.kind === 'hello') this.#helloCame(offered.frame.hello);
    if (offered.kind === 'invalid') this.#violated('ProtocolError', offered.detail);
  }

  /** Say no before anything is asked. */
  refuse(what: Failure): void {
    this.#socket.listen({ received: () => undefined, closed: () => undefined });
    this.input({ type: 'refused', failure: what });
  }

  input(input: ConnectionInput): void {
    const [state, effects] = reduceConnection(this.#state, input);
    const former = this.#state;
    this.#state = state;
    this.steps.add(effects);
    if (former === state) return;
    if (state === 'unconfirmed' || state === 'closed') this.#server.settled(this);
    if (state === 'closed') this.#server.closed(this);
  }

  /** What a conversation produced. */
  write(packets: readonly OutboundPacket[]): void {
    if (this.#state === 'live' || this.#state === 'ending') this.#send(packets);
  }

  /** Time has passed: ping where nothing else is said, and give up on what is silent. */
  tick(now: number): void {
    if (this.#state !== 'live') return;
    const { pingEveryMs } = this.#server.settings;
    if (now - this.#heardAt > pingEveryMs + silenceGraceMs) {
      this.#socket.close(1001, 'silent');
      return this.input({ type: 'lost' });
    }
    if (now - Math.min(this.#sentAt, this.#heardAt) < pingEveryMs) return;
    this.#pings += 1;
    this.#send([{ kind: 'ping', id: this.#pings }]);
  }

  /** The session has another connection now. */
  release(): LiveSession | null {
    const session = this.#session;
    this.#session = null;
    this.input({ type: 'replaced' });
    return session;
  }

  #received(data: string | ArrayBuffer): void {
    if (this.#state === 'closed') return;
    this.#heardAt = this.#server.clock.now();
    if (typeof data !== 'string') return this.#violated('ProtocolError', 'A binary message came.');
    if (data.length > helloSizeMax && this.#state !== 'live' && this.#state !== 'ending')
      return this.#violated('MessageTooLargeError', `A hello is at most ${helloSizeMax} characters long.`);
    const batch = decodeClientBatch(data);
    if (!batch.ok) return this.#violated(batch.code, batch.detail);
    let packets: InboundPacket[] = [];
    const handOver = (): void => {
      if (packets.length === 0) return;
      this.#packets = packets;
      packets = [];
      this.input({ type: 'data' });
    };
    for (const frame of batch.frames) {
      if ((this.#state as ConnectionState) === 'closed') return;
      if (isControl(frame)) {
        handOver();
        this.#control(frame);
      } else packets.push(frame);
    }
    handOver();
  }

  #control(frame: Exclude<ClientFrame, InboundPacket>): void {
    switch (frame.kind) {
      case 'hello':
        return this.#helloCame(frame.hello);
      case 'start':
        this.#start = frame.start;
        return this.input({ type: 'start' });
      case 'confirm':
        return this.input({ type: 'confirm' });
      case 'ping':
        return this.#send([{ kind: 'pong', id: frame.id }]);
      case 'pong':
        return;
      case 'bye':
        return this.input({ type: frame.bye.code === 'SessionEndedError' ? 'left' : 'lost' });
      case 'renewal':
      case 'signIn':
      case 'volatile':
      case 'skip':
        return this.#violated('ProtocolError', `A frame of a feature came that this server does not offer: ${frame.kind}.`);
    }
  }

  #helloCame(hello: HelloFields): void {
    if (this.#state !== 'awaitingHello') return this.input({ type: 'hello', asks: 'start' });
    this.#hello = hello;
    this.#start = hello.start ?? null;
    const authorised = authoriseHello(this.#server.settings, hello, this.request);
    if (E.isLeft(authorised)) return this.input({ type: 'refused', failure: authorised.left });
    if (hello.abandoned !== undefined) this.#server.abandon(hello.abandoned, hello.key);
    if (hello.resume === undefined && hello.start === undefined)
      return this.#violated('ProtocolError', 'The hello asks neither for a start nor for a resume.');
    this.input({ type: 'hello', asks: hello.resume === undefined ? 'start' : 'resume' });
  }

  #violated(code: 'ProtocolError' | 'MessageTooLargeError' | 'InvalidTextError', detail: string): void {
    this.input({ type: 'violated', failure: failure(code, detail) });
  }

  #closed({ code, error }: SocketClose): void {
    if (error !== undefined && this.#state !== 'closed')
      this.#server.refused(failure('ConnectionLostError', `Close code ${code}: ${error}.`), this.request);
    this.input({ type: 'lost' });
  }

  #perform(effect: ConnectionEffect): void {
    const session = this.#session;
    switch (effect.type) {
      case 'startTimer':
        return this.#startTimer(effect.timer);
      case 'stopTimer':
        return this.#stopTimer();
      case 'admit':
        return void this.#admit();
      case 'abandonAdmission':
        return this.#admission?.abort();
      case 'sayGone':
        return this.#send([{ kind: 'gone' }]);
      case 'sayWelcome':
        if (session !== null) this.#send([{ kind: 'welcome', welcome: this.#welcome(session) }]);
        return;
      case 'announce':
        if (session !== null) this.#server.announce(session);
        return;
      case 'deliver': {
        const packets = this.#packets;
        this.#packets = [];
        return session?.conversation.received(packets);
      }
      case 'sayEnd':
        return session?.conversation.end();
      case 'deny':
        this.#server.refused(effect.failure, this.request);
        return this.#send([{ kind: 'deny', deny: effect.failure }]);
      case 'sayBye':
        this.#server.refused(effect.failure, this.request);
        return this.#send([{ kind: 'bye', bye: effect.failure }]);
      case 'close':
        return this.#socket.close(effect.code, '');
      case 'forget':
        if (session !== null) this.#server.forget(session);
        this.#session = null;
        return;
      case 'endSession':
        if (session !== null) this.#server.end(session, effect.reason, effect.failure);
        this.#session = null;
        return;
    }
  }

  async #admit(): Promise<void> {
    const hello = this.#hello as HelloFields;
    const start = this.#start as StartFields;
    const taken = this.#server.takeOver(hello, start, this);
    if (taken !== null) {
      this.#session = taken;
      return this.input({ type: 'admitted' });
    }
    const admission = new AbortController();
    this.#admission = admission;
    const admitted = await this.#server.admit({ hello, start, request: this.request, signal: admission.signal });
    this.#admission = null;
    // The credential has done its work: nothing here needs it any more.
    this.#start = null;
    if (E.isLeft(admitted)) return this.input({ type: 'refused', failure: admitted.left });
    if (admission.signal.aborted) return this.#server.discard(admitted.right);
    this.#expiresAt = admitted.right.expiresAt;
    this.#session = this.#server.open(admitted.right, hello, start, this);
    this.input({ type: 'admitted' });
  }

  #welcome({ id, user }: LiveSession): WelcomeFields {
    const { settings, incarnation } = this.#server;
    return {
      session: id,
      outcome: 'started',
      // Its own session makes a user online, whether or not others have been told yet.
      user: { ...user, presence: { ...user.presence, online: true } },
      incarnation,
      expiresAt: this.#expiresAt,
      resumeWindowMs: 0,
      features: [],
      window: settings.window,
      limits: { messageSize: settings.messageSize, batchSize: settings.batchSize },
      pingEveryMs: settings.pingEveryMs,
      ackDelayMs: settings.ackDelayMs,
    };
  }

  get peerWindow(): HelloFields['window'] {
    return (this.#hello as HelloFields).window;
  }

  #send(frames: readonly OutboundFrame[]): void {
    this.#sentAt = this.#server.clock.now();
    this.#socket.send(encodeBatch(frames));
  }

  #startTimer(timer: ConnectionTimer): void {
    this.#stopTimer();
    const { helloTimeoutMs, confirmWithinMs, endDeadlineMs } = this.#server.settings;
    const delayMs = { hello: helloTimeoutMs, confirm: confirmWithinMs, end: endDeadlineMs }[timer];
    this.#timer = this.#server.clock.setTimeout(() => {
      this.#timer = null;
      this.input({ type: 'timer', timer });
    }, delayMs);
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#server.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

const isControl = (frame: ClientFrame): frame is Exclude<ClientFrame, InboundPacket> => {
  switch (frame.kind) {
    case 'message':
    case 'request':
    case 'reply':
    case 'failure':
    case 'cancel':
    case 'end':
    case 'ack':
      return false;
    default:
      return true;
  }
};
