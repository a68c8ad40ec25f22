/**
 * The frames of `ninelives.v1`, as types. `docs/protocol.md` is the specification, `codecs.ts` its definition in code, `decode.ts`
 * and `encode.ts` what runs. One WebSocket text message is a batch: a JSON array of frames; a frame is a JSON array whose first element is its tag.
 */
import type { Json, JsonObject } from '../../machines/ports/json.js';
import type { User } from '../../machines/ports/user.js';
import type { ReasonCode } from '../../machines/reasons.js';
import type { InboundPacket, OutboundData, Positions, StreamWindow, VolatileItem } from '../../machines/stream/packets.js';

/** Where a side stands in both streams, as told in a hello or a welcome. */
export type PositionFields = Omit<Positions, 'incarnation'>;

/** Credentials of a start. */
export interface StartFields {
  readonly username: string;
  /** Absent: a guest. */
  readonly authParams?: JsonObject;
  /** 43 characters, base64url: 256 bits that the client drew. */
  readonly token: string;
}

/** A session that is asked for again. */
export interface ResumeFields {
  readonly session: string;
  /** The tokens that may be current: one, or two after a cut in the middle of a rotation. */
  readonly tokens: readonly string[];
  /** The token to rotate to. */
  readonly next: string;
  readonly positions: PositionFields;
  /** The server's life that was heard last. */
  readonly incarnation: number;
  /** Which of the client's lives this is: one more each time that it lost its memory. Absent: the first, 0. */
  readonly life?: number;
}

/** What a client says first. */
export interface HelloFields {
  /** The protocol's version: 1. */
  readonly v: number;
  readonly key?: string;
  readonly agent?: string;
  readonly features: readonly string[];
  /** What this client can hold. */
  readonly window: StreamWindow;
  /** How often it would like to be pinged where nothing else is said. */
  readonly pingEveryMs?: number;
  readonly start?: StartFields;
  readonly resume?: ResumeFields;
  /** A session that was given up while lost. */
  readonly abandoned?: { readonly session: string; readonly tokens: readonly string[] };
}

export interface WelcomeFields {
  readonly session: string;
  readonly outcome: 'started' | 'resumed';
  readonly user: User;
  readonly incarnation: number;
  readonly expiresAt: number | null;
  readonly resumeWindowMs: number;
  readonly features: readonly string[];
  /** What the server can hold. */
  readonly window: StreamWindow;
  readonly limits: {
    /** The largest payload, in UTF-16 code units of its JSON text. */
    readonly messageSize: number;
    /** The largest batch, in bytes of its UTF-8 text. */
    readonly batchSize: number;
  };
  /** How often the server pings where nothing else is said. */
  readonly pingEveryMs: number;
  readonly ackDelayMs: number;
  /** Where a session is resumed: the server's side of it. */
  readonly positions?: PositionFields;
}

/** A refusal or a goodbye. Its shape never changes, in any version. */
export interface DenyFields {
  readonly code: ReasonCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  readonly spreadMs?: number;
}

type PacketOf<Kind extends InboundPacket['kind']> = Extract<InboundPacket, { readonly kind: Kind }>;

/** What a client may say, decoded. Data packets are the stream's own. */
export type ClientFrame =
  | { readonly kind: 'hello'; readonly hello: HelloFields }
  /** The credential after `gone` or `mismatch`, on the same socket. */
  | { readonly kind: 'start'; readonly start: StartFields }
  /** The welcome has arrived. */
  | { readonly kind: 'confirm' }
  /** A new credential for the session's user, asked for by `renew`. */
  | { readonly kind: 'renewal'; readonly authParams: JsonObject; readonly token: string }
  /** Another identity for the session. Numbered. */
  | PacketOf<'signIn'>
  | CommonFrame;

/** What a server may say, decoded. */
export type ServerFrame =
  | { readonly kind: 'welcome'; readonly welcome: WelcomeFields }
  | { readonly kind: 'deny'; readonly deny: DenyFields }
  /** The session to be resumed is not known; or it is over, and this is what had become of it. */
  | { readonly kind: 'gone'; readonly positions?: PositionFields }
  /** The session is known, but the two sides' positions do not fit: the numbers from..to of a direction are not to be had. */
  | { readonly kind: 'mismatch'; readonly direction: 'up' | 'down'; readonly from: number; readonly to: number }
  /** A new credential is wanted within this time. */
  | { readonly kind: 'renew'; readonly withinMs: number }
  /** The renewal was accepted. */
  | { readonly kind: 'renewed'; readonly user: User; readonly expiresAt: number | null }
  /** The renewal could not be judged: there may be another one. */
  | { readonly kind: 'unrenewed'; readonly why: DenyFields }
  /** From here on, the stream speaks for this user. Numbered. */
  | PacketOf<'identity'>
  | CommonFrame;

/** What both may say. */
export type CommonFrame =
  | { readonly kind: 'ping'; readonly id: number }
  | { readonly kind: 'pong'; readonly id: number }
  /** The last frame of a connection, with why. */
  | { readonly kind: 'bye'; readonly bye: DenyFields; readonly positions?: PositionFields }
  /** A message without number or confirmation. */
  | VolatileItem<unknown>
  | Exclude<InboundPacket, PacketOf<'signIn' | 'identity'>>;

/** What is encoded: the frames above, with data as the stream hands it over. */
export type OutboundFrame = Exclude<ClientFrame | ServerFrame, InboundPacket | { readonly kind: 'volatile' }> | OutboundData;

/** What arrived, or which rule it broke. */
export type Decoded<Frame> =
  | { readonly ok: true; readonly frames: readonly Frame[] }
  | { readonly ok: false; readonly code: 'ProtocolError' | 'MessageTooLargeError' | 'InvalidTextError'; readonly detail: string };

export type { Json };
