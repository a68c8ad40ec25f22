import { either as E } from 'fp-ts';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  type ConnectionTimer,
  reduceConnection,
} from '../../machines/connection/connection.js';
import {
  initialLiveness,
  isAsking,
  type LivenessInput,
  type LivenessState,
  reduceLiveness,
  rhythmOf,
  silenceMsDefault,
} from '../../machines/liveness/liveness.js';
import { noSigns, noteHeard, notePassed, noteSaid, type Progress, type Signs } from '../../machines/liveness/signs.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { TimerHandle } from '../../machines/ports/host.js';
import type { AcceptedSocket, SocketClose } from '../../machines/ports/socket.js';
import { type Failure, failure, reasonFromCloseCode } from '../../machines/reasons.js';
import type { InboundData, InboundPacket, OutboundData } from '../../machines/stream/packets.js';
import type { Mismatch } from '../../machines/stream/stream.js';
import { type Performer, Steps } from '../steps.js';
import { decodeClientBatch } from '../wire/decode-client.js';
import { encodeBatch } from '../wire/encode.js';
import type { ClientFrame, HelloFields, OutboundFrame, PositionFields, ResumeFields, StartFields } from '../wire/frames.js';
import type { OfferedHello } from '../wire/hello.js';
import { isPacket } from '../wire/is-packet.js';
import { helloSizeMax, renewalFeature, volatileBufferedMax, volatileFeature } from '../wire/limits.js';
import { authoriseHello } from './admission.js';
import type { ConnectionServer, Resumption } from './connection-server.js';
import type { LiveSession, SessionConnection } from './session.js';
import type { Ticked } from './ticker.js';
import { welcomeOf } from './welcome.js';

/** RFC 6455 §7.4.1. */
const normalClosure = 1000;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const bytesPerUnit = 3;

/** One connection: its socket's events in, the table's decisions done. */
export class ServerConnection implements SessionConnection, Ticked, Performer<ConnectionEffect>, Listener {
  readonly #server: ConnectionServer;
  readonly #socket: AcceptedSocket;
  readonly request: RequestInfo;
  readonly steps: Steps<ConnectionEffect>;
  readonly #signs: Signs;
  #liveness: LivenessState;
  /** Is it looked at more often than the idle ones? */
  #isWatched = false;
  /** At the latest ping. */
  #bytesReceived: number | undefined;
  #state: ConnectionState = 'awaitingHello';
  readonly hasLink = true;
  /** Until the session is active: nothing is kept that is not needed. */
  #hello: HelloFields | null = null;
  #hasVolatile = false;
  #start: StartFields | null = null;
  /** Who asks to enter, while that is decided. */
  #username: string | null = null;
  #session: LiveSession | null = null;
  /** Where the server stood when it took a resume up; at the end, what had become of the session. */
  #positions: PositionFields | null = null;
  /** What was to be resumed and can not go on, and why. */
  #mismatched: { readonly session: LiveSession; readonly mismatch: Mismatch } | null = null;
  #admission: AbortController | null = null;
  /** A renewal that has come. */
  #renewal: Renewal | null = null;
  #isRenewing = false;
  /** When a new credential was asked for last, in monotonic milliseconds; null: not on this connection, or not since there was one. */
  #renewalAskedAt: number | null = null;
  /** What came and is not delivered, batch by batch: with effects held, more than one may wait. */
  #packets: (readonly InboundData[])[] | null = null;
  #timer: TimerHandle | null = null;

  constructor(server: ConnectionServer, socket: AcceptedSocket, request: RequestInfo, held = false) {
    this.#server = server;
    this.#socket = socket;
    this.request = request;
    this.steps = new Steps(this, held);
    const now = server.clock.now();
    this.#signs = noSigns(now);
    const { pingEveryMs } = server.settings;
    [this.#liveness] = initialLiveness({ pingEveryMs, setsRhythm: true, silenceMs: silenceMsDefault }, now, this.#signs);
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Begin: with the hello that the upgrade request carried, or waiting for one. */
  open(offered: OfferedHello): void {
    this.#socket.listen(this);
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
    if (state === 'unconfirmed' || state === 'live' || state === 'closed') this.#server.settled(this);
    if (state === 'closed') this.#server.closed(this);
  }

  /** What a conversation produced. */
  write(packets: readonly OutboundData[]): void {
    if (this.#state !== 'live' && this.#state !== 'ending') return;
    // [R73] Volatile messages come by themselves.
    if (packets[0]?.kind === 'volatile' && (!this.#hasVolatile || this.#socket.bufferedAmount > volatileBufferedMax)) return;
    this.#send(packets);
  }

  /** Time has passed: ping where nothing else is said [R49], and give up on what is silent. */
  tick(now: number, nextAt: number, lostMs: number): void {
    if (this.#state !== 'live') return;
    if (this.#session?.isExpired(this.#server.clock.wall()) === true)
      return this.input({ type: 'dismissed', failure: failure('AccessDeniedError', 'The authentication has ended.') });
    if (isAsking(this.#liveness) && this.#socket.bytesReceived !== this.#bytesReceived) {
      // Part of a long message: whoever sends it is there.
      this.#bytesReceived = this.#socket.bytesReceived;
      this.#signs.heardAt = now;
      this.#live({ type: 'heard', now, signs: this.#signs });
    }
    this.#watchAuthentication(now);
    this.#live({ type: 'look', now, signs: this.#signs, lostMs, nextAt });
    if (this.#isWatched && this.#signs.awaitingSince === null && !isAsking(this.#liveness)) {
      this.#isWatched = false;
      this.#server.watch(this, false);
    }
  }

  #live(input: LivenessInput): void {
    const [state, effects] = reduceLiveness(this.#liveness, input);
    this.#liveness = state;
    for (const effect of effects) {
      if (effect.type === 'ping') {
        this.#bytesReceived = this.#socket.bytesReceived;
        this.#send([{ kind: 'ping', id: effect.id }]);
      }
      if (effect.type === 'silent') this.#drop();
    }
    if (isAsking(state)) this.#watch();
  }

  /** Something is due that is not to wait for the tick of the idle ones. */
  #watch(): void {
    if (this.#isWatched || this.#state !== 'live') return;
    this.#isWatched = true;
    this.#server.watch(this, true);
  }

  /** Say no to the start that is being decided, where it is this user's. */
  refuseStart(username: string, what: Failure): void {
    if (this.#state === 'admitting' && this.#username === username) this.input({ type: 'dismissed', failure: what });
  }

  /** [R61] Ask for a new credential in time, and again where nothing came of it. */
  #watchAuthentication(now: number): void {
    const session = this.#session;
    if (session === null || this.#isRenewing || session.signingIn !== null || !session.features.includes(renewalFeature)) return;
    const { expiresAt, renewAt, askEveryMs } = session.authentication;
    const wall = this.#server.clock.wall();
    if (expiresAt === null || wall < renewAt || (this.#renewalAskedAt !== null && now - this.#renewalAskedAt < askEveryMs)) return;
    this.#renewalAskedAt = now;
    this.input({ type: 'renewalDue', withinMs: Math.max(Math.floor(expiresAt - wall), 0) });
  }

  /** Another connection has the start now, and its session where it made one. */
  release(): void {
    this.#session = null;
    this.input({ type: 'replaced' });
  }

  /** From its socket. */
  received(data: string | ArrayBuffer): void {
    if (this.#state === 'closed') return;
    const now = this.#server.clock.now();
    this.#signs.heardAt = now;
    if (typeof data !== 'string') return this.#violated('ProtocolError', 'A binary message came.');
    // [R16] Seen before it is parsed: until then anyone may send it.
    if (data.length > helloSizeMax && beforeWelcome.has(this.#state))
      return this.#violated('MessageTooLargeError', `Before the welcome, a message is at most ${helloSizeMax} characters long.`);
    const batch = decodeClientBatch(data);
    if (!batch.ok) return this.#violated(batch.code, batch.detail);
    const { frames } = batch;
    if (frames.every(isPacket)) {
      this.#deliver(frames);
      return this.#heard(now);
    }
    let packets: InboundData[] = [];
    for (const frame of frames) {
      if ((this.#state as ConnectionState) === 'closed') return;
      if (isPacket(frame) || (frame.kind === 'volatile' && this.#hasVolatile)) packets.push(frame);
      else {
        // Control and data keep their order.
        this.#deliver(packets);
        packets = [];
        this.#control(frame);
      }
    }
    this.#deliver(packets);
    this.#heard(now);
  }

  #deliver(packets: readonly InboundData[]): void {
    if (packets.length === 0) return;
    // An array that grows would keep room for more, for good.
    if (this.#packets === null) this.#packets = [packets];
    else this.#packets.push(packets);
    this.input({ type: 'data' });
  }

  #nextPackets(): readonly InboundData[] {
    const all = this.#packets;
    if (all === null || all.length === 1) this.#packets = null;
    return all?.shift() ?? [];
  }

  #heard(now: number): void {
    const roundTripMs = noteHeard(this.#signs, this.#progress(), now);
    if (roundTripMs !== null) this.#live({ type: 'timed', roundTripMs, now, signs: this.#signs });
    if (isAsking(this.#liveness)) this.#live({ type: 'heard', now, signs: this.#signs });
  }

  #progress(): Progress | null {
    return this.#session?.conversation.runner.progress ?? null;
  }

  #control(frame: Exclude<ClientFrame, InboundPacket>): void {
    switch (frame.kind) {
      case 'hello':
        return this.#helloCame(frame.hello);
      case 'start':
        if (this.#state === 'awaitingStart') this.#start = frame.start;
        return this.input({ type: 'start' });
      case 'confirm':
        return this.input({ type: 'confirm' });
      case 'ping':
        return this.input({ type: 'ping', id: frame.id });
      case 'pong': {
        this.input({ type: 'pong' });
        if (frame.id !== this.#liveness.probe?.id) return;
        const now = this.#server.clock.now();
        notePassed(this.#signs, now);
        return this.#live({ type: 'pong', id: frame.id, now, signs: this.#signs });
      }
      case 'bye':
        // [R48] Whatever is said behind it is not read, so that the socket is of no more use.
        if (frame.positions !== undefined) this.#session?.conversation.conclude(frame.positions);
        return frame.bye.code === 'SessionEndedError' ? this.input({ type: 'left' }) : this.#drop();
      case 'renewal':
        if (this.#state === 'live' && this.#session?.features.includes(renewalFeature) !== true) return this.#notAgreed(frame.kind);
        // While one is judged, it stands for another.
        if (!this.#isRenewing) this.#renewal = frame;
        return this.input({ type: 'renewal' });
      case 'volatile':
        return this.#notAgreed(frame.kind);
    }
  }

  #notAgreed(kind: string): void {
    this.#violated('ProtocolError', `A frame of a feature came that this server does not offer: ${kind}.`);
  }

  #helloCame(hello: HelloFields): void {
    if (this.#state !== 'awaitingHello') return this.input({ type: 'hello', asks: 'start' });
    this.#hello = hello;
    this.#liveness = { ...this.#liveness, pingEveryMs: rhythmOf(this.#server.settings.pingEveryMs, hello.pingEveryMs) };
    this.#hasVolatile = hello.features.includes(volatileFeature);
    this.#start = hello.start ?? null;
    const authorised = authoriseHello(this.#server.settings, hello, this.request);
    if (E.isLeft(authorised)) return this.input({ type: 'refused', failure: authorised.left });
    if (hello.abandoned !== undefined) this.#server.keeper.abandon(hello.abandoned, hello.key);
    this.input({ type: 'hello', asks: hello.resume === undefined ? 'start' : 'resume' });
  }

  #violated(code: 'ProtocolError' | 'MessageTooLargeError' | 'InvalidTextError', detail: string): void {
    this.input({ type: 'violated', failure: failure(code, detail) });
  }

  /** From its socket. */
  closed({ code, error }: SocketClose): void {
    // The socket itself refuses what it can not read: with a close code, which is all that the client gets [R2] [R3].
    if (error !== undefined && this.#state !== 'closed')
      this.#server.refused(failure(reasonFromCloseCode(code), `Close code ${code}: ${error}`), this.request);
    this.input({ type: 'lost' });
  }

  /** The link is of no use any more. */
  #drop(): void {
    this.#socket.close(normalClosure, '');
    this.input({ type: 'lost' });
  }

  /** For its steps. */
  perform(effect: ConnectionEffect): void {
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
      case 'resume':
        return void this.#resume();
      case 'sayMismatch': {
        if (this.#mismatched === null) return;
        const { direction, from, to } = this.#mismatched.mismatch;
        return this.#send([{ kind: 'mismatch', direction: direction === 'own' ? 'down' : 'up', from, to }]);
      }
      case 'detach':
        if (session !== null) {
          this.#server.keeper.detach(session);
          this.#left(session);
          // What is not written yet is not to be told.
          if (session.durable?.isWritten === false) this.#positions = null;
        }
        return;
      case 'sayGone':
        return this.#send([this.#positions === null ? { kind: 'gone' } : { kind: 'gone', positions: this.#positions }]);
      case 'sayWelcome':
        if (session !== null)
          this.#send([
            {
              kind: 'welcome',
              welcome: welcomeOf(
                session,
                this.#server.settings,
                this.#server.incarnation,
                this.#positions,
                this.#hello?.features ?? [],
                this.#liveness.pingEveryMs,
              ),
            },
          ]);
        return;
      case 'sayPong':
        return this.#send([{ kind: 'pong', id: effect.id }]);
      case 'announce':
        this.#hello = null;
        this.#positions = null;
        if (session !== null) this.#server.keeper.announce(session);
        return;
      case 'deliver':
        return session?.conversation.received(this.#nextPackets());
      case 'sayEnd':
        return session?.conversation.end();
      case 'askRenewal':
        return this.#send([{ kind: 'renew', withinMs: effect.withinMs }]);
      case 'renew':
        return void this.#renew();
      case 'sayRenewed':
        if (session !== null) this.#send([{ kind: 'renewed', user: session.user, expiresAt: session.authentication.expiresAt }]);
        return;
      case 'sayUnrenewed':
        return this.#send([{ kind: 'unrenewed', why: effect.failure }]);
      case 'deny':
        this.#server.refused(effect.failure, this.request);
        return this.#send([{ kind: 'deny', deny: effect.failure }]);
      case 'sayBye':
        this.#server.refused(effect.failure, this.request);
        return this.#send([
          this.#positions === null
            ? { kind: 'bye', bye: effect.failure }
            : { kind: 'bye', bye: effect.failure, positions: this.#positions },
        ]);
      case 'close':
        return this.#socket.close(effect.code, '');
      case 'forget':
        if (session !== null) this.#server.keeper.forget(session);
        this.#session = null;
        return;
      case 'endSession':
        if (session !== null) {
          this.#server.keeper.end(session, effect.reason, effect.failure);
          this.#left(session);
        }
        return;
    }
  }

  /** It is over, or goes on without this link: what is said of it from here on is where it stands now [R51]. */
  #left(session: LiveSession): void {
    this.#session = null;
    this.#positions = session.keptMs > 0 ? session.conversation.positions() : null;
  }

  async #resume(): Promise<void> {
    const { keeper } = this.#server;
    const opened = await this.#server.opened();
    if (this.#state !== 'resuming') return;
    if (E.isLeft(opened)) return this.input({ type: 'refused', failure: opened.left });
    const resumption = keeper.resume(this.#hello as HelloFields & { resume: ResumeFields }, this);
    switch (resumption.kind) {
      case 'resumed':
        this.#session = resumption.session;
        this.#positions = resumption.positions;
        return this.#goOn(resumption);
      case 'gone':
        this.#positions = resumption.positions;
        return this.input({ type: 'gone' });
      case 'ended':
        this.#positions = resumption.positions;
        return this.input({ type: 'ended', failure: resumption.failure });
      case 'mismatched':
        this.#mismatched = resumption;
        return this.input({ type: 'mismatched' });
      case 'refused':
        return this.input({ type: 'refused', failure: resumption.failure });
    }
  }

  /** [R57] The client hears of its new token, and of where the server stands, once both are written. */
  async #goOn({ session, takeBack, goOn }: Extract<Resumption, { kind: 'resumed' }>): Promise<void> {
    const writing = this.#server.keeper.written(session);
    if (writing !== null) {
      const written = await writing;
      if (E.isLeft(written)) takeBack();
      // What closed it meanwhile has seen to the session.
      if ((this.#state as ConnectionState) !== 'resuming') return;
      if (E.isLeft(written)) return this.input({ type: 'refused', failure: written.left });
    }
    this.input({ type: 'resumed', ...goOn() });
  }

  async #renew(): Promise<void> {
    const session = this.#session;
    const renewal = this.#renewal;
    // The credential has one use: nothing here keeps it.
    this.#renewal = null;
    if (session === null || renewal === null || this.#isRenewing) return;
    this.#isRenewing = true;
    const isCurrent = (): boolean => this.#state === 'live' && this.#session === session;
    const problem = await this.#server.identities.renew(session, renewal, isCurrent);
    this.#isRenewing = false;
    if (problem === null) this.#renewalAskedAt = null;
    if (isCurrent()) this.input({ type: 'renewed', failure: problem });
  }

  async #admit(): Promise<void> {
    const hello = this.#hello as HelloFields;
    const start = this.#start as StartFields;
    // The credential has one use: nothing here keeps it.
    this.#start = null;
    this.#username = start.username;
    if (this.#mismatched !== null) {
      const { session } = this.#mismatched;
      if (hello.resume !== undefined) session.conversation.conclude(hello.resume.positions);
      this.#server.keeper.giveUp(session);
    }
    this.#mismatched = null;
    this.#positions = null;
    const taken = this.#server.keeper.takeOver(hello, start, this);
    if (taken !== null) {
      this.#session = taken;
      return this.input({ type: 'admitted' });
    }
    const admission = new AbortController();
    this.#admission = admission;
    const admitted = await this.#server.admit({ hello, start, request: this.request, signal: admission.signal }, this);
    this.#admission = null;
    if (E.isLeft(admitted)) return this.input({ type: 'refused', failure: admitted.left });
    if (admission.signal.aborted) return this.#server.keeper.discard(admitted.right);
    const opened = this.#server.keeper.open(admitted.right, hello, start, this);
    if (E.isLeft(opened)) return this.input({ type: 'refused', failure: opened.left });
    this.#session = opened.right;
    this.input({ type: 'admitted' });
  }

  #send(frames: readonly OutboundFrame[]): void {
    const text = encodeBatch(frames);
    this.#socket.send(text);
    if (noteSaid(this.#signs, this.#progress(), text.length, this.#server.clock.now())) this.#watch();
    // Messages wait for credit, but pongs and answers do not: who asks and does not read must not fill this process.
    const { buffer, batchSize } = this.#server.settings;
    if (this.#state !== 'closed' && this.#socket.bufferedAmount > buffer.size * bytesPerUnit + batchSize)
      this.input({ type: 'violated', failure: failure('SlowConsumerError') });
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

type Listener = Parameters<AcceptedSocket['listen']>[0];
type Renewal = Extract<ClientFrame, { kind: 'renewal' }>;

const beforeWelcome: ReadonlySet<ConnectionState> = new Set(['awaitingHello', 'resuming', 'awaitingStart', 'admitting']);
