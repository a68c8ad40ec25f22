/**
 * The vocabulary of a client's lifecycle: what the app asks (commands), what the world says (facts), what the app hears
 * (emitted events). Each union is closed: the public API is derived from it, and a member without its counterpart does not compile.
 *
 * No event carries a credential or a token, and none ever may: whatever is in here is shown by inspectors and kept in journals.
 */
import type { User } from '../ports/user.js';
import type { EndReason, Failure } from '../reasons.js';

/** What the app asks. Every field is optional, so that `snapshot.can({ type: 'START' })` can be asked without knowing them. */
export type Command =
  /** Begin a session. Not taken while there is one, in whatever state: that is what `SessionActiveError` means. */
  | { readonly type: 'START'; readonly username?: string; readonly deadlineMs?: number }
  /** End the session, or take back a start. Not taken where there is nothing to end. */
  | { readonly type: 'END' }
  /** Try now instead of waiting, where the server named no time: that one is kept. Not taken where no try is waited for. `now`: as in a stamp. */
  | { readonly type: 'RETRY'; readonly now?: number };

/** Time and chance, stamped on a fact by the shell, so that the machine needs neither a clock nor a random number. */
export interface Stamp {
  /** Monotonic milliseconds. */
  readonly now: number;
  /** Uniform in [0, 1). */
  readonly random: number;
}

/** What came of a link that was welcomed. */
export interface Carried {
  /** Something new arrived over it, either way; or something waited, and none of it arrived. Left out where there was nothing to be said. */
  readonly progress?: 'made' | 'none';
}

/** What a server says when it lets a client in. */
export interface Welcome {
  readonly sessionId: string;
  readonly user: User;
  /** `resumed`: the session that the client asked for goes on. `started`: a session begins, with streams from their start. */
  readonly outcome: 'started' | 'resumed';
  /** How long the server keeps the session after a lost link, in milliseconds; 0: not at all. */
  readonly resumeWindowMs: number;
  /** When the authentication ends, milliseconds since the epoch; null: without limit. */
  readonly expiresAt: number | null;
  /** Which of the server's lives this is. */
  readonly incarnation: number;
}

/** What the world says. `link` is the generation of the connection it is about: what a former one still says is not taken. */
export type Fact =
  /** The connection is open; the hello is on its way, or was in the upgrade request. */
  | { readonly type: 'LINK_OPENED'; readonly link: number }
  /** The server let this client in. */
  | ({ readonly type: 'WELCOMED'; readonly link: number; readonly welcome: Welcome } & Stamp)
  /** The server's answer to the hello was no. Whether that is final is the table's to say (machines/reasons.ts). */
  | ({ readonly type: 'DENIED'; readonly link: number; readonly failure: Failure } & Stamp)
  /** The connection could not be opened, was cut, fell silent, broke a rule, or the server said goodbye and why. */
  | ({ readonly type: 'LINK_LOST'; readonly link: number; readonly failure: Failure } & Carried & Stamp)
  /** Nothing came for longer than this link's rhythm allows; a probe is out. */
  | { readonly type: 'SUSPECTED'; readonly link: number }
  /** Something came on a link that was suspect. */
  | { readonly type: 'HEARD'; readonly link: number }
  /** Both sides have said all they had to say and confirmed what they heard. */
  | { readonly type: 'END_CONFIRMED'; readonly link: number }
  /** The session speaks for this user from here on, until this date: a sign-in or a renewal was accepted. */
  | { readonly type: 'IDENTIFIED'; readonly user: User; readonly expiresAt: number | null }
  /** The platform says that there is no network. A hint: it is believed for waiting only. */
  | { readonly type: 'NETWORK_OFFLINE' }
  /** The platform says that there is one again. `now`: as in a stamp. */
  | { readonly type: 'NETWORK_ONLINE'; readonly now?: number }
  /** Something happened after which a try may fare better: the page is looked at again or thawed, or the network is another one. */
  | { readonly type: 'HINTED'; readonly now?: number };

/** What the machine tells the link it owns. */
export type LinkCommand =
  /** Say goodbye: nothing more is sent, what is in flight is confirmed. */
  { readonly type: 'END' };

/** What the app hears. */
export type Emitted =
  /** Emitted when a start has succeeded: messages flow. */
  | { readonly type: 'active'; readonly sessionId: string; readonly user: User }
  /** Emitted when a start has failed or was taken back; there is no session, and nothing goes on in the background. */
  | { readonly type: 'failed'; readonly failure: Failure }
  /** Emitted when the link of an active session is gone; the session is not, and the client tries to come back. */
  | { readonly type: 'lost'; readonly failure: Failure }
  /** Emitted when a lost session goes on where it was. */
  | { readonly type: 'resumed'; readonly sessionId: string; readonly user: User }
  /** Emitted when the server no longer had the lost session and a new one took its place: what was not confirmed is handed back. */
  | { readonly type: 'gap'; readonly sessionId: string; readonly formerSessionId: string; readonly user: User }
  /** Emitted when the session speaks for another user from here on: it has signed in. */
  | { readonly type: 'identity'; readonly sessionId: string; readonly user: User; readonly former: User }
  /** Emitted when the session is over, with the reason. */
  | { readonly type: 'ended'; readonly sessionId: string; readonly reason: EndReason; readonly failure: Failure | null };
