import type { Failure } from '../../machines/reasons.js';
import type { ArrivedSignIn, IdentityItem, OutboundData } from '../../machines/stream/packets.js';
import type { Entry } from '../../machines/stream/state.js';
import type { HandlerReports } from './handlers.js';
import type { Unconfirmed } from './sent.js';

/** What goes wrong in a conversation: told, never thrown. */
export interface ConversationReports extends HandlerReports {
  /** It was shipped on link after link, none of which outlived it, and is not shipped any more. */
  handedBack(message: Unconfirmed): void;
  requestFailed(request: { readonly id: string; readonly type: string; readonly error: unknown }): void;
}

/** Whose conversation it is: what a session does for it. */
export interface ConversationOwner {
  readonly direction: 'up' | 'down';
  readonly reports: ConversationReports;
  write(packets: readonly OutboundData[]): void;
  /** The other side has said that nothing follows, and all it said is handled. */
  peerEnded(): void;
  complete(): void;
  violated(failure: Failure): void;
  /** The other side leaves unacknowledged more than this one can hold: it is to be given up. */
  tooSlow(): void;
  /** May a handler be run for what was shipped before, and may have been run for? Left out: it may. */
  again?(number: number, type: string): Promise<boolean>;
  /**
   * The other side wants to speak for another user: why it may not ask that now, or how it is judged, once all is handled that came before. What
   * is judged well is told by `identify`; null is answered where that was done.
   */
  signIn?(item: ArrivedSignIn, number: number): Failure | (() => Promise<Failure | null>);
  /** From here on the session speaks for this user. */
  identified?(item: IdentityItem): void;
  /** Something is to be kept that was not before. */
  changed?(): void;
  /** Why nothing can be accepted right now; null: it can. */
  refuses?(): 'StoreUnavailableError' | null;
  /** A send was refused, as the buffer is full. */
  full?(): void;
  /** A message or request was dropped or taken back before it was shipped, or is not shipped any more: it is not kept. */
  dropped?(entry: Entry): void;
}
