import type { SnapshotFrom } from 'xstate';
import type { User } from '../../machines/ports/user.js';
import type { EndReason, Failure } from '../../machines/reasons.js';
import type { SessionMachine } from '../../machines/session/session.machine.js';
import { type Status, type Substate, statusOf } from '../../machines/session/status.js';

/** A client at one moment, as plain data: the same object until something in it changes. */
export interface ClientSnapshot {
  readonly status: Status;
  /** What goes on inside `active`, `lost` and a start; null elsewhere. */
  readonly substate: Substate | null;
  readonly sessionId: string | null;
  readonly user: User | null;
  /** Tries since the last healthy link. */
  readonly attempt: number;
  /** When the next try is due, in milliseconds since the epoch; null where none is waited for. */
  readonly retryAt: number | null;
  /** Null until it was measured on this link. */
  readonly roundTripMs: number | null;
  /** How many messages are accepted and not known as handled. */
  readonly unconfirmed: number;
  /** Would the session outlive a reload of the page? Only with `persist`, and where the tab's storage takes it. */
  readonly persisted: boolean;
  /** Why the latest start failed, the latest try did, or the session ended by a failure; plain data. */
  readonly error: Failure | null;
  readonly endReason: EndReason | null;
}

interface Outside {
  readonly roundTripMs: number | null;
  readonly unconfirmed: number;
  readonly persisted: boolean;
  /** The wall clock's reading less the monotonic clock's: asked for only where a date is to be shown. */
  wallOffsetMs(): number;
}

/** A snapshot, and the wait that its `retryAt` shows. */
export interface View {
  readonly snapshot: ClientSnapshot;
  /** In monotonic milliseconds, as the machine has it. */
  readonly retryAt: number | null;
}

/** The public view of a machine's snapshot and of what the shell knows besides. The former snapshot where nothing changed. */
export const viewOf = (machine: SnapshotFrom<SessionMachine>, outside: Outside, former: View | null): View => {
  const { session, attempt, retryAt, error, failure, endReason } = machine.context;
  const { status, substate } = statusOf(machine.value);
  const hasSession = status === 'active' || status === 'lost' || status === 'ending';
  // A wait keeps the date that it was first shown with, however the wall clock steps.
  const dateOf = (at: number): number | null =>
    former?.retryAt === at ? former.snapshot.retryAt : Math.round(at + outside.wallOffsetMs());
  const next: ClientSnapshot = {
    status,
    substate,
    sessionId: hasSession ? (session?.id ?? null) : null,
    user: hasSession ? (session?.user ?? null) : null,
    attempt,
    retryAt: retryAt === null ? null : dateOf(retryAt),
    roundTripMs: status === 'active' ? outside.roundTripMs : null,
    unconfirmed: outside.unconfirmed,
    persisted: hasSession && outside.persisted,
    error: error ?? failure,
    endReason,
  };
  return { snapshot: former !== null && isSame(former.snapshot, next) ? former.snapshot : next, retryAt };
};

const isSame = (a: ClientSnapshot, b: ClientSnapshot): boolean =>
  (Object.keys(a) as (keyof ClientSnapshot)[]).every((key) => Object.is(a[key], b[key]));
