import type { Host, TimerHandle } from '../../machines/ports/host.js';
import type { OpenSocket, Socket, SocketClose } from '../../machines/ports/socket.js';
import type { Link, LinkEvents, LinkOptions, Openings, StartOpening, Transport } from '../../machines/ports/transport.js';
import { type Failure, failure, reasonFromCloseCode } from '../../machines/reasons.js';
import type { InboundData, InboundPacket, OutboundData } from '../../machines/stream/packets.js';
import { decodeServerBatch } from '../../src/wire/decode-server.js';
import { encodeBatch } from '../../src/wire/encode.js';
import type { DenyFields, OutboundFrame, ServerFrame, StartFields, WelcomeFields } from '../../src/wire/frames.js';
import { helloToEntry } from '../../src/wire/hello.js';
import { isPacket } from '../../src/wire/is-packet.js';
import { renewalFeature, signInFeature, subprotocol, volatileBufferedMax, volatileFeature } from '../../src/wire/limits.js';
import { helloOf } from './ninelives-hello.js';
import { LinkLiveness, type LivenessOwner } from './ninelives-liveness.js';

export interface NinelivesTransportOptions {
  readonly openSocket: OpenSocket;
  readonly host: Pick<Host, 'clock'>;
  /**
   * Where the hello travels: in the upgrade request (the default; two round trips to a session), or as the first frame (three), for
   * servers and proxies that dislike long headers. A hello that is too long for the upgrade goes as a frame in any case.
   */
  readonly helloIn?: 'upgrade' | 'frame';
}

/**
 * The wire `ninelives.v1` over any socket.
 *
 * @example
 * const transport = ninelivesTransport({ openSocket: websocketSocket({ url: 'ws://localhost:4150' }), host });
 */
export const ninelivesTransport = (options: NinelivesTransportOptions): Transport => ({
  name: subprotocol,
  open: (openings, events, linkOptions) => new NinelivesLink(options, openings, events, linkOptions),
});

/** What a close says where the code says no more: a socket that failed to open has an error instead. */
const closeDetail = ({ code, reason, error }: SocketClose): string =>
  error ?? (reason === '' ? `Close code ${code}.` : `Close code ${code}: ${reason}`);

const failureOfDeny = ({ code, message, retryAfterMs, spreadMs }: DenyFields): Failure => ({ code, message, retryAfterMs, spreadMs });

/** Where a link stands: each step waits for one thing. */
type Step = 'preparing' | 'opening' | 'greeting' | 'welcomed' | 'over';

/** What each question may be welcomed with: a resume that the server calls a start, or the reverse, would cross two streams. */
const answerTo = { start: 'started', resume: 'resumed' } as const;

class NinelivesLink implements Link, LivenessOwner {
  readonly #transport: NinelivesTransportOptions;
  readonly #openings: Openings;
  readonly #events: LinkEvents;
  readonly #options: LinkOptions;
  /** Aborted when the link is over: the app is asked for authParams in vain then. */
  readonly #over = new AbortController();
  #step: Step = 'preparing';
  #asks: keyof typeof answerTo;
  #features: readonly string[] = [];
  /** May an identity come? */
  #hasSignIn = false;
  #socket: Socket | null = null;
  #timer: TimerHandle | null = null;
  #hasVolatile = false;
  readonly #liveness: LinkLiveness;

  constructor(transport: NinelivesTransportOptions, openings: Openings, events: LinkEvents, options: LinkOptions) {
    this.#transport = transport;
    this.#openings = openings;
    this.#events = events;
    this.#liveness = new LinkLiveness(this, events);
    this.#options = options;
    this.#asks = openings.resume === null ? 'start' : 'resume';
    // What can throw in it is the socket's opening and the hello's encoding, whose messages may repeat a credential.
    this.#open().catch(() => this.#fail(failure('ConnectionFailedError', 'The connection could not be begun.')));
  }

  write(packets: readonly OutboundData[]): void {
    if (this.#step !== 'welcomed') return;
    if (packets[0]?.kind === 'volatile' && (!this.#hasVolatile || (this.#socket?.bufferedAmount ?? 0) > volatileBufferedMax)) return;
    const text = encodeBatch(packets);
    this.#socket?.send(text);
    this.#liveness.said(text.length);
  }

  renew(): void {
    const { clock } = this.#transport.host;
    const asking = new AbortController();
    const stop = (): void => {
      clock.clearTimeout(timer);
      asking.abort();
    };
    // An app that never answers must not keep the server's next asks from being heard.
    const timer = clock.setTimeout(() => {
      this.#over.signal.removeEventListener('abort', stop);
      asking.abort();
      this.#events.unrenewed(failure('AuthParamsUnavailableError', 'It did not answer in time.'));
    }, this.#options.helloTimeoutMs);
    this.#over.signal.addEventListener('abort', stop);
    const answered = (take: () => void): void => {
      if (asking.signal.aborted) return;
      clock.clearTimeout(timer);
      this.#over.signal.removeEventListener('abort', stop);
      take();
    };
    this.#openings.renewal(asking.signal).then(
      (fields) => answered(() => this.#send([{ kind: 'renewal', ...fields }])),
      (error: unknown) => answered(() => this.#events.unrenewed(failureFrom(error))),
    );
  }

  probe(): void {
    if (this.#step === 'welcomed') this.#liveness.hinted();
  }

  close(goodbye = false): void {
    if (this.#step === 'over') return;
    if (goodbye && this.#step === 'welcomed') this.#send([{ kind: 'bye', bye: failure('SessionEndedError') }]);
    this.#stop(1000, '');
  }

  async #open(): Promise<void> {
    const start = this.#asks === 'start' ? await this.#start() : undefined;
    if (start === null || this.#step === 'over') return;
    const hello = helloOf(this.#openings, this.#options, start);
    const inUpgrade = this.#transport.helloIn !== 'frame' && !this.#options.afterFailedOpen;
    const entry = inUpgrade ? helloToEntry(hello) : null;
    const firstText = entry === null ? encodeBatch([{ kind: 'hello', hello }]) : null;
    this.#step = 'opening';
    this.#socket = this.#transport.openSocket(
      { protocols: entry === null ? [subprotocol] : [subprotocol, entry], openTimeoutMs: this.#options.connectTimeoutMs },
      {
        opened: () => this.#opened(firstText),
        received: (data) => this.#received(data),
        closed: (close) => this.#closed(close),
      },
    );
  }

  /** The credential for a start; null where the app could not give one, which is told. */
  async #start(): Promise<StartFields | null> {
    try {
      const { username, authParams, token }: StartOpening = await this.#openings.start(this.#over.signal);
      return { username, token, ...(authParams === undefined ? {} : { authParams }) };
    } catch (error) {
      this.#fail(failureFrom(error));
      return null;
    }
  }

  #opened(firstText: string | null): void {
    this.#step = 'greeting';
    if (firstText !== null) this.#socket?.send(firstText);
    this.#awaitAnswer();
    this.#events.opened();
  }

  #awaitAnswer(): void {
    this.setTimer(this.#options.helloTimeoutMs, () => this.#breakOff(failure('HelloTimeoutError')));
  }

  #received(data: string | ArrayBuffer): void {
    if (typeof data !== 'string') return this.#breakOff(failure('ProtocolError', 'A binary message came.'));
    const batch = decodeServerBatch(data);
    if (!batch.ok) return this.#breakOff(failure(batch.code, batch.detail));
    const now = this.now();
    this.#liveness.noted(now);
    const { frames } = batch;
    if (this.#step === 'welcomed' && this.#hasSignIn && frames.every(isPacket)) {
      this.#events.received(frames);
      return this.#heard(now);
    }
    let packets: InboundData[] = [];
    const handOver = (): void => {
      if (packets.length > 0) this.#events.received(packets);
      packets = [];
    };
    for (const frame of frames) {
      if (this.#step === 'over') return;
      if (frame.kind === 'identity' && !this.#hasSignIn) return this.#notAgreed(frame.kind);
      if (isPacket(frame) || (frame.kind === 'volatile' && this.#hasVolatile)) {
        if (this.#step !== 'welcomed') return this.#breakOff(failure('ProtocolError', 'Data came before the welcome.'));
        packets.push(frame);
      } else {
        // Facts and data keep their order.
        handOver();
        this.#control(frame);
      }
    }
    handOver();
    this.#heard(now);
  }

  #heard(now: number): void {
    if (this.#step === 'welcomed') this.#liveness.heard(now);
  }

  #control(frame: Exclude<ServerFrame, InboundPacket>): void {
    switch (frame.kind) {
      case 'ping':
        this.#send([{ kind: 'pong', id: frame.id }]);
        return;
      case 'pong':
        return this.#liveness.answered(frame.id);
      case 'welcome':
        this.#welcomed(frame.welcome);
        return;
      case 'deny':
        if (this.#step === 'welcomed') return this.#breakOff(failure('ProtocolError', 'A denial came after the welcome.'));
        this.#stop(1000, '');
        this.#events.denied(failureOfDeny(frame.deny));
        return;
      case 'bye':
        if (frame.positions !== undefined) this.#events.concluded(frame.positions);
        this.#fail(failureOfDeny(frame.bye));
        return;
      case 'gone':
      case 'mismatch':
        if (this.#step !== 'greeting' || this.#asks !== 'resume')
          return this.#breakOff(failure('ProtocolError', 'An answer to a resume came where none was asked for.'));
        if (frame.kind === 'gone' && frame.positions !== undefined) this.#events.concluded(frame.positions);
        this.#startInstead().catch(() => this.#fail(failure('InvalidAuthParamsError', 'It can not be written as JSON.')));
        return;
      case 'renew':
        return this.#has(renewalFeature) ? this.#events.renewalAsked() : this.#notAgreed(frame.kind);
      case 'renewed':
        return this.#has(renewalFeature) ? this.#events.renewed(frame.user, frame.expiresAt) : this.#notAgreed(frame.kind);
      case 'unrenewed':
        return this.#has(renewalFeature) ? this.#events.unrenewed(failureOfDeny(frame.why)) : this.#notAgreed(frame.kind);
      case 'volatile':
        this.#notAgreed(frame.kind);
    }
  }

  #has(feature: string): boolean {
    return this.#features.includes(feature);
  }

  #notAgreed(kind: string): void {
    this.#breakOff(failure('ProtocolError', `A frame of a feature came that was not agreed on: ${kind}.`));
  }

  /** The server no longer has the session: begin anew on the same socket. */
  async #startInstead(): Promise<void> {
    this.#asks = 'start';
    this.#step = 'preparing';
    // No deadline spans a return: an app that never answers must not leave the session lost for good.
    this.setTimer(this.#options.helloTimeoutMs, () => this.#fail(failure('AuthParamsUnavailableError', 'It did not answer in time.')));
    const start = await this.#start();
    if (start === null || (this.#step as Step) === 'over') return;
    this.#step = 'greeting';
    this.#send([{ kind: 'start', start }]);
    this.#awaitAnswer();
  }

  #welcomed(welcome: WelcomeFields): void {
    if (this.#step !== 'greeting') return this.#breakOff(failure('ProtocolError', 'A welcome came that was not asked for.'));
    if (welcome.outcome !== answerTo[this.#asks])
      return this.#breakOff(failure('ProtocolError', `A ${this.#asks} was answered with ${welcome.outcome}.`));
    this.#step = 'welcomed';
    this.#features = welcome.features;
    this.#hasSignIn = this.#has(signInFeature);
    this.#hasVolatile = welcome.features.includes(volatileFeature);
    // [R26] A resumed session is known to both already.
    if (welcome.outcome === 'started') this.#send([{ kind: 'confirm' }]);
    const { session, user, outcome, resumeWindowMs, expiresAt, incarnation, window, limits, ackDelayMs, positions, pingEveryMs } = welcome;
    this.#events.welcomed(
      { sessionId: session, user, outcome, resumeWindowMs, expiresAt, incarnation },
      {
        window,
        messageSizeMax: limits.messageSize,
        ackDelayMs,
        volatile: this.#hasVolatile,
        signIn: this.#hasSignIn,
        renewal: this.#has(renewalFeature),
      },
      positions === undefined ? null : { ...positions, incarnation },
    );
    this.#liveness.begin(pingEveryMs, this.#options);
  }

  // --- What liveness asks for ---

  get isOver(): boolean {
    return this.#step === 'over';
  }

  now(): number {
    return this.#transport.host.clock.now();
  }

  sayPing(id: number): void {
    this.#send([{ kind: 'ping', id }]);
  }

  silent(): void {
    this.#fail(failure('ConnectionSilentError'));
  }

  setTimer(inMs: number, callback: () => void): void {
    this.#clearTimer();
    this.#timer = this.#transport.host.clock.setTimeout(() => {
      this.#timer = null;
      callback();
    }, inMs);
  }

  #closed(close: SocketClose): void {
    const step = this.#step;
    const code =
      step === 'opening' ? (close.error === 'timedOut' ? 'ConnectTimeoutError' : 'ConnectionFailedError') : reasonFromCloseCode(close.code);
    // The socket is closed already: there is nothing to close but this side's own.
    this.#socket = null;
    this.#fail(failure(code === 'SessionEndedError' ? 'ConnectionLostError' : code, closeDetail(close)));
  }

  /** A rule was broken: say which to the other side, then stop. */
  #breakOff(what: Failure): void {
    if (this.#step === 'over') return;
    if (this.#step !== 'opening') this.#send([{ kind: 'bye', bye: what }]);
    this.#fail(what);
  }

  #fail(what: Failure): void {
    if (this.#step === 'over') return;
    this.#stop(1000, '');
    this.#events.lost(what);
  }

  #stop(code: number, reason: string): void {
    this.#step = 'over';
    this.#over.abort();
    this.#clearTimer();
    this.#socket?.close(code, reason);
    this.#socket = null;
  }

  #send(frames: readonly OutboundFrame[]): void {
    this.#socket?.send(encodeBatch(frames));
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#transport.host.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** The app's own function failed: with a failure of ours where the shell gave one, otherwise with what was thrown kept out of sight. */
const failureFrom = (thrown: unknown): Failure =>
  typeof thrown === 'object' && thrown !== null && 'failure' in thrown
    ? (thrown.failure as Failure)
    : failure('AuthParamsUnavailableError');
