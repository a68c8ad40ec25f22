import type { Progress } from '../liveness/signs.js';
import type { Failure } from '../reasons.js';
import type { Welcome } from '../session/events.js';
import type { InboundData, OutboundData, Positions, StreamWindow } from '../stream/packets.js';
import type { LastWord } from '../stream/state.js';
import type { JsonObject } from './json.js';
import type { User } from './user.js';

/** How a session is asked for. Everything in it but the username is secret: it is read when a link opens and kept nowhere. */
export interface StartOpening {
  readonly username: string;
  /** Absent for a guest. */
  readonly authParams?: JsonObject;
  /** 256 random bits, base64url, drawn by the client: the same token is the same session, so that a lost welcome is repeated, not doubled. */
  readonly token: string;
}

/** How a lost session is asked for again. */
export interface ResumeOpening {
  readonly sessionId: string;
  /** The tokens that may be current: one, or two after a cut in the middle of a rotation. */
  readonly tokens: readonly string[];
  /** The token that becomes current once the resume is committed. */
  readonly nextToken: string;
  readonly positions: Positions;
  /** How often this side has lost its memory since the session began; what it is sent again then, it may have handled. */
  readonly life: number;
}

/** A session that the user gave up while it was lost, so that it can't stand in its own user's way. */
export interface AbandonedSession {
  readonly sessionId: string;
  /** As in a resume: one, or two. */
  readonly tokens: readonly string[];
}

/** A new credential for the session's user. All of it is secret. */
export interface RenewalOpening {
  readonly authParams: JsonObject;
  /** The token that becomes current once the renewal is committed. */
  readonly token: string;
}

/** What a link needs to open: a function, so that secrets stay in the closure that has them, and are asked for as late as possible. */
export interface Openings {
  readonly apiKey: string | null;
  readonly agent: string;
  /** What this side can hold of the other's messages. */
  readonly window: StreamWindow;
  readonly abandoned: AbandonedSession | null;
  /** Null where no session is to be resumed. */
  readonly resume: ResumeOpening | null;
  /** The credential for a start. Asks the app where `authParams` is a function; a failure is the app's. */
  start(signal: AbortSignal): Promise<StartOpening>;
  /** The credential for a renewal: the app is asked anew. */
  renewal(signal: AbortSignal): Promise<RenewalOpening>;
}

/** What a welcome says that the stream has to know. */
export interface StreamTerms {
  /** What the other side can hold of this side's messages. */
  readonly window: StreamWindow;
  /** The largest payload, in UTF-16 code units of its JSON text. */
  readonly messageSizeMax: number;
  /** How long an acknowledgement may wait for data to ride on, in milliseconds. */
  readonly ackDelayMs: number;
  /** Does the other side take volatile messages? */
  readonly volatile?: boolean;
  /** Can its user become another? */
  readonly signIn?: boolean;
  /** Can its credential be renewed? */
  readonly renewal?: boolean;
}

/**
 * What a transport tells, in one order with the data. `opened` comes first, then `welcomed` or `denied`; `lost` may come at any time, and one
 * of the three always comes, within the times of `LinkOptions`. After `lost` or `denied`, and after `close()`, nothing is told any more.
 */
export interface LinkEvents {
  opened(): void;
  /** The positions are the server's, where a session is resumed. */
  welcomed(welcome: Welcome, terms: StreamTerms, positions: Positions | null): void;
  denied(failure: Failure): void;
  lost(failure: Failure): void;
  /** The other side's last word on what it got of this one's stream: before `lost`, or before a start in place of a resume. */
  concluded(positions: LastWord): void;
  /** Nothing came for longer than the link's rhythm allows, or for as long as what was written may wait to be acknowledged; `heard` or `lost` follows. */
  suspected(): void;
  /** Something came on a link that was suspected. */
  heard(): void;
  /** Round-trip time measured, in milliseconds. */
  measured(roundTripMs: number): void;
  /** The server asks for a new credential. */
  renewalAsked(): void;
  /** A renewal was accepted: the session has this user, until this date. */
  renewed(user: User, expiresAt: number | null): void;
  /** No credential could be had, or the server could not judge it. */
  unrenewed(failure: Failure): void;
  /** What arrived in one piece, in order. */
  received(packets: readonly InboundData[]): void;
  /** Asked by the transport behind a `write` and a `received`, to judge silence by what is not acknowledged: how far this side's own direction is, or null where there is none. */
  progress(): Progress | null;
}

/** One connection, from its opening to its end. */
export interface Link {
  /**
   * Hand over what one turn produced. Before `welcomed` and after the end it does nothing. Volatile messages come by themselves, and are dropped where
   * the socket holds more than a little already.
   */
  write(packets: readonly OutboundData[]): void;
  /**
   * Something happened that may have cost the link: ask now. Where no answer comes in this link's time, it is `lost`. A hint is no suspicion:
   * `suspected` is told where there was silence beyond the link's rhythm as well.
   */
  probe(): void;
  /** Bring the server a new credential; `renewed`, `unrenewed` or `lost` says what came of it. */
  renew(): void;
  /** Stop at once and tell nothing more. `goodbye`: say to the server that no resume will follow. */
  close(goodbye?: boolean): void;
}

export interface LinkOptions {
  /** How long a connection may take to open, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long the server may take to answer the hello, in milliseconds. */
  readonly helloTimeoutMs: number;
  /** Did the last connection never open? Then a proxy between may dislike what the upgrade carries: the hello goes as first frame. */
  readonly afterFailedOpen: boolean;
  /** How often the server is asked to ping, in milliseconds; its own rhythm where this is left out. */
  readonly pingEveryMs?: number;
  /** How long until silence is a loss where something waits to be acknowledged, the probe included, in milliseconds; longer on a slow link. */
  readonly silenceMs: number;
}

/** The service that the session machine's link runs on: one wire over one kind of socket. */
export interface Transport {
  /** For logs and inspectors. */
  readonly name: string;
  /** Open one connection. Never throws; tells nothing from inside the call. */
  open(openings: Openings, events: LinkEvents, options: LinkOptions): Link;
}
