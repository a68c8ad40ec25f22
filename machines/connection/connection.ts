/**
 * The server's half of one connection: from the accepted socket to its end. A reducer over one table: what is not in the table for a state
 * is either a frame in the wrong state, which breaks a rule, or a fact that no longer matters. The hello's contents stay with the shell, as they hold secrets.
 */
import { type EndReason, type Failure, failure, reasons } from '../reasons.js';

export type ConnectionState =
  /** The socket is open, nothing was said. */
  | 'awaitingHello'
  /** Whether the session that was asked for can go on is being decided. */
  | 'resuming'
  /** A resume was answered with `gone` or `mismatch`; a start may follow on the same socket. */
  | 'awaitingStart'
  /** Who it is and whether they may enter is being decided. */
  | 'admitting'
  /** Welcomed; the client's word that it heard so is not there yet. */
  | 'unconfirmed'
  /** The session is active. */
  | 'live'
  /** Goodbyes are being exchanged. */
  | 'ending'
  /** Over: nothing more is done or said. */
  | 'closed';

export type ConnectionTimer = 'hello' | 'confirm' | 'end';

export type ConnectionInput =
  // Frames:
  | { readonly type: 'hello'; readonly asks: 'start' | 'resume' }
  | { readonly type: 'start' }
  | { readonly type: 'confirm' }
  | { readonly type: 'data' }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'pong' }
  /** A new credential for the session's user. */
  | { readonly type: 'renewal' }
  /** The client says goodbye and goes, without waiting for anything. */
  | { readonly type: 'left' }
  // What came of a frame, of admission or of the conversation:
  | { readonly type: 'admitted' }
  /** `isEnding`: its goodbye was under way when the link broke. */
  | { readonly type: 'resumed'; readonly isEnding: boolean }
  /** There is no such session. */
  | { readonly type: 'gone' }
  /** It is over, and why is known. */
  | { readonly type: 'ended'; readonly failure: Failure }
  /** There is, but the two sides' positions do not fit. */
  | { readonly type: 'mismatched' }
  | { readonly type: 'refused'; readonly failure: Failure }
  | { readonly type: 'violated'; readonly failure: Failure }
  | { readonly type: 'peerEnded' }
  | { readonly type: 'complete' }
  /** A renewal was judged: null is yes. */
  | { readonly type: 'renewed'; readonly failure: Failure | null }
  // The world:
  | { readonly type: 'lost' }
  | { readonly type: 'timer'; readonly timer: ConnectionTimer }
  /** The session's authentication ends in this time, in milliseconds. */
  | { readonly type: 'renewalDue'; readonly withinMs: number }
  // The server's app and operator:
  /** End the session, with both goodbyes. */
  | { readonly type: 'end' }
  /** Take the session away, or the server itself: at once. */
  | { readonly type: 'dismissed'; readonly failure: Failure }
  /** The same start, or a resume, came on another connection, which has the session now. */
  | { readonly type: 'replaced' };

export type ConnectionEffect =
  | { readonly type: 'startTimer'; readonly timer: ConnectionTimer }
  | { readonly type: 'stopTimer' }
  /** Decide on the hello; answer with `admitted` or `refused`. */
  | { readonly type: 'admit' }
  /** Whatever admission comes to, nobody waits for it: a session that it makes is forgotten. */
  | { readonly type: 'abandonAdmission' }
  /** See whether the session can go on; answer with `resumed`, `gone`, `ended`, `mismatched` or `refused`. */
  | { readonly type: 'resume' }
  | { readonly type: 'sayGone' }
  | { readonly type: 'sayMismatch' }
  | { readonly type: 'sayWelcome' }
  | { readonly type: 'sayPong'; readonly id: number }
  /** The session is there: presence, the app's listener, then its messages. */
  | { readonly type: 'announce' }
  /** Hand the data to the conversation. */
  | { readonly type: 'deliver' }
  /** Say this side's goodbye in the stream. */
  | { readonly type: 'sayEnd' }
  /** Ask for a new credential. */
  | { readonly type: 'askRenewal'; readonly withinMs: number }
  /** Judge a renewal; answer with `renewed`. */
  | { readonly type: 'renew' }
  | { readonly type: 'sayRenewed' }
  | { readonly type: 'sayUnrenewed'; readonly failure: Failure }
  | { readonly type: 'deny'; readonly failure: Failure }
  | { readonly type: 'sayBye'; readonly failure: Failure }
  | { readonly type: 'close'; readonly code: number }
  /** The link is gone, the session is kept for a while. */
  | { readonly type: 'detach' }
  /** The session never was. */
  | { readonly type: 'forget' }
  | { readonly type: 'endSession'; readonly reason: EndReason; readonly failure: Failure | null };

export type ConnectionStep = readonly [ConnectionState, readonly ConnectionEffect[]];

/** A normal closure where a reason names no close code (RFC 6455 §7.4.1). */
const normalClosure = 1000;

const close = (what: Failure): ConnectionEffect => ({ type: 'close', code: reasons[what.code].closeCode ?? normalClosure });
const denied = (what: Failure, ...before: readonly ConnectionEffect[]): ConnectionStep => [
  'closed',
  [{ type: 'stopTimer' }, ...before, { type: 'deny', failure: what }, close(what)],
];
const dismissed = (what: Failure, ...before: readonly ConnectionEffect[]): ConnectionStep => [
  'closed',
  [{ type: 'stopTimer' }, ...before, { type: 'sayBye', failure: what }, close(what)],
];
const over = (...effects: readonly ConnectionEffect[]): ConnectionStep => ['closed', [{ type: 'stopTimer' }, ...effects]];
const ended = (reason: EndReason, what: Failure | null = null): ConnectionEffect => ({ type: 'endSession', reason, failure: what });
const begin = (timer: ConnectionTimer): ConnectionEffect => ({ type: 'startTimer', timer });
const stop: ConnectionEffect = { type: 'stopTimer' };
const forget: ConnectionEffect = { type: 'forget' };
const abandon: ConnectionEffect = { type: 'abandonAdmission' };
const closeNormally: ConnectionEffect = { type: 'close', code: normalClosure };

const goodbye: ConnectionStep = ['ending', [{ type: 'sayEnd' }, begin('end')]];
const farewell = (): ConnectionStep => dismissed(failure('SessionEndedError'), ended('ended'));
/** A session outlives its link: it may be resumed. */
const detach: ConnectionEffect = { type: 'detach' };
/** The end that a reason stands for, or what happens where it stands for none. */
const endOr = (what: Failure, otherwise: ConnectionEffect): ConnectionEffect => {
  const { ends } = reasons[what.code];
  return ends === null ? otherwise : ended(ends, what);
};
const keptUnless = (what: Failure): ConnectionEffect => endOr(what, detach);

/** A start that is not confirmed never was, unless its session is taken away by name: then it is listed as that. */
const withdrawn = (what: Failure): ConnectionEffect => endOr(what, forget);

/** Pings and pongs change nothing [R50]. */
const alive = (state: ConnectionState): Pick<Row, 'ping' | 'pong'> => ({
  ping: ({ id }) => [state, [{ type: 'sayPong', id }]],
  pong: () => [state, []],
});

type Row = { readonly [I in ConnectionInput as I['type']]?: (input: I) => ConnectionStep };

/** What each state does with what it takes. */
const table: Readonly<Record<ConnectionState, Row>> = {
  awaitingHello: {
    hello: ({ asks }) => (asks === 'start' ? ['admitting', [stop, { type: 'admit' }]] : ['resuming', [stop, { type: 'resume' }]]),
    refused: ({ failure: what }) => denied(what),
    violated: ({ failure: what }) => denied(what),
    dismissed: ({ failure: what }) => denied(what),
    timer: () => denied(failure('HelloTimeoutError')),
    left: () => over(closeNormally),
    lost: () => over(),
  },
  resuming: {
    ...alive('resuming'),
    // [R58] No confirmation is waited for: the client knows its session already.
    resumed: ({ isEnding }) =>
      isEnding
        ? ['ending', [{ type: 'sayWelcome' }, { type: 'announce' }, begin('end')]]
        : ['live', [{ type: 'sayWelcome' }, { type: 'announce' }]],
    // [R67] The goodbye is said again.
    ended: ({ failure: what }) => dismissed(what),
    gone: () => ['awaitingStart', [{ type: 'sayGone' }, begin('hello')]],
    mismatched: () => ['awaitingStart', [{ type: 'sayMismatch' }, begin('hello')]],
    // The session may be this connection's already, while its new token is being written.
    refused: ({ failure: what }) => denied(what, detach),
    violated: ({ failure: what }) => denied(what, keptUnless(what)),
    dismissed: ({ failure: what }) => denied(what, keptUnless(what)),
    // The app has its session and may end it while that is being written, and its last handler may come to its end.
    end: () => ['resuming', [{ type: 'sayEnd' }]],
    peerEnded: () => ['resuming', [{ type: 'sayEnd' }]],
    replaced: () => over(closeNormally),
    left: () => over(ended('ended'), closeNormally),
    lost: () => over(detach),
  },
  awaitingStart: {
    ...alive('awaitingStart'),
    start: () => ['admitting', [stop, { type: 'admit' }]],
    refused: ({ failure: what }) => denied(what),
    violated: ({ failure: what }) => denied(what),
    dismissed: ({ failure: what }) => denied(what),
    timer: () => denied(failure('HelloTimeoutError')),
    left: () => over(closeNormally),
    lost: () => over(),
  },
  admitting: {
    ...alive('admitting'),
    admitted: () => ['unconfirmed', [{ type: 'sayWelcome' }, begin('confirm')]],
    refused: ({ failure: what }) => denied(what),
    violated: ({ failure: what }) => denied(what, abandon),
    dismissed: ({ failure: what }) => denied(what, abandon),
    replaced: () => over(abandon, closeNormally),
    left: () => over(abandon, closeNormally),
    lost: () => over(abandon),
  },
  unconfirmed: {
    ...alive('unconfirmed'),
    confirm: () => ['live', [stop, { type: 'announce' }]],
    violated: ({ failure: what }) => dismissed(what, forget),
    dismissed: ({ failure: what }) => dismissed(what, withdrawn(what)),
    replaced: () => over(closeNormally),
    timer: () => dismissed(failure('HelloTimeoutError'), forget),
    left: () => over(forget, closeNormally),
    // The client may have heard the welcome, and its confirmation been lost with the link.
    lost: () => over(detach),
  },
  live: {
    ...alive('live'),
    data: () => ['live', [{ type: 'deliver' }]],
    renewalDue: ({ withinMs }) => ['live', [{ type: 'askRenewal', withinMs }]],
    renewal: () => ['live', [{ type: 'renew' }]],
    // [R61] Who was denied is out; where nobody could decide, there is time left to ask again.
    renewed: ({ failure: what }) => {
      if (what === null) return ['live', [{ type: 'sayRenewed' }]];
      return reasons[what.code].ends === null ? ['live', [{ type: 'sayUnrenewed', failure: what }]] : dismissed(what, keptUnless(what));
    },
    end: () => goodbye,
    peerEnded: () => goodbye,
    violated: ({ failure: what }) => dismissed(what, keptUnless(what)),
    dismissed: ({ failure: what }) => dismissed(what, keptUnless(what)),
    replaced: () => over(closeNormally),
    left: () => over(ended('ended'), closeNormally),
    lost: () => over(detach),
  },
  ending: {
    ...alive('ending'),
    data: () => ['ending', [{ type: 'deliver' }]],
    // A session that ends anyway needs no credential.
    renewal: () => ['ending', []],
    complete: farewell,
    timer: farewell,
    violated: ({ failure: what }) => dismissed(what, ended('ended')),
    // It was to end anyway: only who takes it away by name changes why.
    dismissed: ({ failure: what }) => dismissed(what, ended(reasons[what.code].ends ?? 'ended', what)),
    replaced: () => over(closeNormally),
    left: () => over(ended('ended'), closeNormally),
    lost: () => over(ended('ended')),
  },
  closed: {},
};

/** Frames that a client sends: one that its state does not take breaks a rule [R15] [R26]. */
const frames: ReadonlySet<ConnectionInput['type']> = new Set(['hello', 'start', 'confirm', 'data', 'renewal', 'ping', 'pong']);

/** What the states take, for docs and coverage. */
export const connectionTable: Readonly<Record<ConnectionState, readonly ConnectionInput['type'][]>> = Object.fromEntries(
  Object.entries(table).map(([state, row]) => [state, Object.keys(row)]),
) as unknown as Record<ConnectionState, readonly ConnectionInput['type'][]>;

/** One step. Effects are to be done in their order. */
export const reduceConnection = (state: ConnectionState, input: ConnectionInput): ConnectionStep => {
  const transition = table[state][input.type] as ((input: ConnectionInput) => ConnectionStep) | undefined;
  if (transition !== undefined) return transition(input);
  // Of a closed one all is over, a violation as well.
  if (!frames.has(input.type)) return [state, []];
  return reduceConnection(state, {
    type: 'violated',
    failure: failure('ProtocolError', `A ${input.type} frame came in the state ${state}.`),
  });
};
