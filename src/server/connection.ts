import { either as E } from 'fp-ts';
import {
  type ConnectionEffect,
  type ConnectionInput,
  type ConnectionState,
  type ConnectionTimer,
  reduceConnection,
} from '../../machines/connection/connection.js';
import type { Progress } from '../../machines/liveness/signs.js';
import type { RequestInfo } from '../../machines/ports/authenticator.js';
import type { TimerHandle } from '../../machines/ports/host.js';
import type { AcceptedSocket, SocketClose } from '../../machines/ports/socket.js';
import { type Failure, failure, reasonFromCloseCode } from '../../machines/reasons.js';
import type { InboundData, OutboundData } from '../../machines/stream/packets.js';
import { type Performer, Steps } from '../steps.js';
import { encodeBatch } from '../wire/encode.js';
import type { HelloFields, OutboundFrame, PositionFields, StartFields } from '../wire/frames.js';
import type { OfferedHello } from '../wire/hello.js';
import { volatileBufferedMax, volatileFeature } from '../wire/limits.js';
import { authoriseHello } from './admission.js';
import { controlFrameOf, type SayEffect } from './connection-control.js';
import { type FrameReader, readMessage } from './connection-frames.js';
import { ConnectionLiveness, type LivenessOwner } from './connection-liveness.js';
import { Opening } from './connection-opening.js';
import { Renewal, type RenewalFrame } from './connection-renewal.js';
import type { ConnectionServer } from './connection-server.js';
import { performOnSession } from './connection-session.js';
import type { LiveSession, SessionConnection } from './session.js';
import type { Ticked } from './ticker.js';

/** RFC 6455 §7.4.1. `abnormal`: no closing handshake, since a link that lets nothing through has none, and its client would wait for its end. */
const normalClosure = 1000;
const abnormalClosure = 1006;
/** UTF-8 takes at most three bytes for a UTF-16 code unit. */
const bytesPerUnit = 3;
/** How much a socket may hold for a ping to be answered, in bytes: past it, what waits there is answer enough, and a flood of pings that reads no answer brings no more of them. */
const pongBufferedMax = 65_536;

type Listener = Parameters<AcceptedSocket['listen']>[0];

/** One connection: its socket's events in, the table's decisions done. */
export class ServerConnection implements SessionConnection, Ticked, Performer<ConnectionEffect>, Listener, FrameReader, LivenessOwner {
  readonly #server: ConnectionServer;
  readonly #socket: AcceptedSocket;
  /** Answers to the pings of the batch that is being read: they go together, since one by one a flood of pings would cost the others their turn. */
  #pongs: OutboundFrame[] | null = null;
  #isReading = false;
  readonly request: RequestInfo;
  readonly steps: Steps<ConnectionEffect>;
  readonly liveness: ConnectionLiveness;
  #state: ConnectionState = 'awaitingHello';
  readonly hasLink = true;
  hasVolatile = false;
  /** From the hello until the session is active: nothing is kept that is not needed. */
  opening: Opening | null = null;
  session: LiveSession | null = null;
  /** Where the server stood when it took a resume up; at the end, what had become of the session. */
  positions: PositionFields | null = null;
  /** Where an authentication ends, or a credential came. */
  #renewal: Renewal | null = null;
  /** What came and is not delivered, batch by batch: with effects held, more than one may wait. */
  #packets: (readonly InboundData[])[] | null = null;
  #timer: TimerHandle | null = null;

  constructor(server: ConnectionServer, socket: AcceptedSocket, request: RequestInfo, held = false) {
    this.#server = server;
    this.#socket = socket;
    this.request = request;
    this.steps = new Steps(this, held);
    this.liveness = new ConnectionLiveness(this, server.settings.pingEveryMs, server.clock.now());
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** Begin: with the hello that the upgrade request carried, or waiting for one. */
  open(offered: OfferedHello): void {
    this.#socket.listen(this);
    this.#startTimer('hello');
    if (offered.kind === 'hello') this.helloCame(offered.frame.hello);
    if (offered.kind === 'invalid') this.violated('ProtocolError', offered.detail);
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
    if (former !== 'live' && (state === 'unconfirmed' || state === 'live')) this.#socket.welcomed?.();
    if (state === 'closed') this.#server.closed(this);
  }

  /** What a conversation produced. */
  write(packets: readonly OutboundData[]): void {
    if (this.#state !== 'live' && this.#state !== 'ending') return;
    // [R73] Volatile messages come by themselves.
    if (packets[0]?.kind === 'volatile' && (!this.hasVolatile || this.#socket.bufferedAmount > volatileBufferedMax)) return;
    this.#send(packets);
  }

  tick(now: number, nextAt: number, lostMs: number): void {
    if (this.#state !== 'live') return;
    if (this.session?.isExpired(this.#server.clock.wall()) === true)
      return this.input({ type: 'dismissed', failure: failure('AccessDeniedError', 'The authentication has ended.') });
    if (this.session !== null && this.session.expiresAt !== null) this.#renewals().tick(now);
    this.liveness.tick(now, nextAt, lostMs);
  }

  /** Say no to the start that is being decided, where it is this user's. */
  refuseStart(username: string, what: Failure): void {
    if (this.#state === 'admitting' && this.opening?.username === username) this.input({ type: 'dismissed', failure: what });
  }

  /** Another connection has the start now, and its session where it made one. */
  release(): void {
    this.session = null;
    this.input({ type: 'replaced' });
  }

  /** From its socket. */
  received(data: string | ArrayBuffer): void {
    if (this.#state === 'closed') return;
    this.#isReading = true;
    readMessage(this, data, this.#server.clock.now());
    this.#isReading = false;
  }

  // --- What was read ---

  answerPings(): void {
    const pongs = this.#pongs;
    this.#pongs = null;
    if (pongs !== null && this.#state !== 'closed') this.#send(pongs);
  }

  deliver(packets: readonly InboundData[]): void {
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

  helloCame(hello: HelloFields): void {
    if (this.#state !== 'awaitingHello') return this.input({ type: 'hello', asks: 'start' });
    this.opening = new Opening(this, this.#server, hello);
    this.liveness.agree(this.#server.settings.pingEveryMs, hello.pingEveryMs);
    this.hasVolatile = hello.features.includes(volatileFeature);
    const authorised = authoriseHello(this.#server.settings, hello, this.request);
    if (E.isLeft(authorised)) return this.input({ type: 'refused', failure: authorised.left });
    if (hello.abandoned !== undefined) this.#server.keeper.abandon(hello.abandoned, hello.key);
    this.input({ type: 'hello', asks: hello.resume === undefined ? 'start' : 'resume' });
  }

  startCame(start: StartFields): void {
    if (this.#state === 'awaitingStart') this.opening?.startCame(start);
    this.input({ type: 'start' });
  }

  renewalCame(renewal: RenewalFrame): void {
    this.#renewals().came(renewal);
    this.input({ type: 'renewal' });
  }

  violated(code: 'ProtocolError' | 'MessageTooLargeError' | 'InvalidTextError', detail: string): void {
    this.input({ type: 'violated', failure: failure(code, detail) });
  }

  /** The link is of no use any more. `silent`: nothing comes over it. */
  drop(silent = false): void {
    this.#socket.close(silent ? abnormalClosure : normalClosure, '');
    this.input({ type: 'lost' });
  }

  // --- What liveness asks for ---

  get progress(): Progress | null {
    return this.session?.conversation.runner.progress ?? null;
  }

  get bytesReceived(): number | undefined {
    return this.#socket.bytesReceived;
  }

  sayPing(id: number): void {
    this.#send([{ kind: 'ping', id }]);
  }

  watch(isWatched: boolean): boolean {
    if (isWatched && this.#state !== 'live') return false;
    this.#server.watch(this, isWatched);
    return isWatched;
  }

  #renewals(): Renewal {
    this.#renewal ??= new Renewal(this, this.#server);
    return this.#renewal;
  }

  /** From its socket. */
  closed({ code, error }: SocketClose): void {
    // The socket itself refuses what it can not read: with a close code, which is all that the client gets [R2] [R3].
    if (error !== undefined && this.#state !== 'closed')
      this.#server.refused(failure(reasonFromCloseCode(code), `Close code ${code}: ${error}`), this.request);
    this.input({ type: 'lost' });
  }

  /** For its steps. */
  perform(effect: ConnectionEffect): void {
    switch (effect.type) {
      case 'startTimer':
        return this.#startTimer(effect.timer);
      case 'stopTimer':
        return this.#stopTimer();
      case 'admit':
        return void this.opening?.admit();
      case 'abandonAdmission':
        return this.opening?.abandon();
      case 'resume':
        return void this.opening?.resume();
      case 'deliver':
        return this.session?.conversation.received(this.#nextPackets());
      case 'renew':
        return void this.#renewal?.judge();
      case 'close':
        return this.#socket.close(effect.code, '');
      case 'sayPong':
        // [R50]
        if (this.#socket.bufferedAmount > pongBufferedMax) return;
        if (!this.#isReading) return this.#say(effect);
        this.#pongs ??= [];
        this.#pongs.push({ kind: 'pong', id: effect.id });
        return;
      case 'announce':
      case 'sayEnd':
      case 'detach':
      case 'forget':
      case 'endSession':
        return performOnSession(effect, this, this.#server.keeper);
      case 'deny':
      case 'sayBye':
        this.#server.refused(effect.failure, this.request);
        return this.#say(effect);
      default:
        return this.#say(effect);
    }
  }

  #say(effect: SayEffect): void {
    const frame = controlFrameOf(effect, this, this.#server);
    if (frame !== null) this.#send([frame]);
  }

  #send(frames: readonly OutboundFrame[]): void {
    const text = encodeBatch(frames);
    this.#socket.send(text);
    this.liveness.said(text.length, this.#server.clock.now());
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
