/** What one app knows of its messages, whatever becomes of sessions, streams and processes: bit n is the n-th thing that was said. */
import { type Met, Violation } from './rules.js';

export interface Ledger {
  // Of its own:
  readonly accepted: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly handedBack: number;
  /** Handed back as certainly not handled. */
  readonly notHandled: number;
  readonly answered: number;
  // Of the other side's:
  readonly started: number;
  /** Started in this life. */
  readonly startedNow: number;
  readonly handled: number;
  readonly broken: number;
  /** The latest that was started in this life, of this session; -1: none. */
  readonly latest: number;
}

export const emptyLedger: Ledger = {
  accepted: 0,
  confirmed: 0,
  failed: 0,
  handedBack: 0,
  notHandled: 0,
  answered: 0,
  started: 0,
  startedNow: 0,
  handled: 0,
  broken: 0,
  latest: -1,
};

export const bit = (index: number): number => 1 << index;

/** Its own word on what it sent is said once. */
const said = (ledger: Ledger, index: number): boolean => ((ledger.confirmed | ledger.failed | ledger.handedBack) & bit(index)) !== 0;

export const accepted = (ledger: Ledger, index: number): Ledger => ({ ...ledger, accepted: ledger.accepted | bit(index) });

export const confirmed = (ledger: Ledger, index: number, isFailed: boolean, met: Met): Ledger => {
  if (said(ledger, index)) throw new Violation('one word on each message', `message ${index} is confirmed after its app was told of it`);
  met.note(isFailed ? 'told as failed' : 'confirmed');
  return isFailed ? { ...ledger, failed: ledger.failed | bit(index) } : { ...ledger, confirmed: ledger.confirmed | bit(index) };
};

/** `isCertain`: it was not handled, and never will be. */
export const handedBack = (ledger: Ledger, index: number, isCertain: boolean, met: Met): Ledger => {
  if (said(ledger, index)) throw new Violation('one word on each message', `message ${index} is handed back after its app was told of it`);
  met.note(isCertain ? 'handed back as not handled' : 'handed back');
  return {
    ...ledger,
    handedBack: ledger.handedBack | bit(index),
    notHandled: isCertain ? ledger.notHandled | bit(index) : ledger.notHandled,
  };
};

export const answered = (ledger: Ledger, index: number, met: Met): Ledger => {
  if ((ledger.answered & bit(index)) !== 0) throw new Violation('one answer to each request', `request ${index} is answered twice`);
  met.note('answered');
  return { ...ledger, answered: ledger.answered | bit(index) };
};

/** A handler begins. */
export const started = (ledger: Ledger, index: number, isMarked: boolean, met: Met): Ledger => {
  if ((ledger.startedNow & bit(index)) !== 0) throw new Violation('handled once a life', `message ${index} is handled twice in one life`);
  const isRepeated = (ledger.started & bit(index)) !== 0;
  if (isRepeated && !isMarked)
    throw new Violation('what is repeated is marked', `message ${index} is handled again in a later life, unmarked`);
  if (index <= ledger.latest) throw new Violation('handled in order', `message ${index} is handled after message ${ledger.latest}`);
  met.note(isRepeated ? 'repeated with a mark' : 'handled');
  return { ...ledger, started: ledger.started | bit(index), startedNow: ledger.startedNow | bit(index), latest: index };
};

export const settled = (ledger: Ledger, index: number, isFailed: boolean): Ledger =>
  isFailed ? { ...ledger, broken: ledger.broken | bit(index) } : { ...ledger, handled: ledger.handled | bit(index) };

/** A new stream begins in the same life. */
export const newStream = (ledger: Ledger): Ledger => ({ ...ledger, latest: -1 });

/** A new life. `requests`: whose askers are gone with the former one, so that nobody is left to be told of them. */
export const reborn = (ledger: Ledger, requests: number): Ledger => ({
  ...ledger,
  handedBack: ledger.handedBack | (open(ledger) & requests),
  startedNow: 0,
  latest: -1,
});

/** Of these its app is told anew. */
export const untold = (ledger: Ledger, bits: number): Ledger => ({
  ...ledger,
  confirmed: ledger.confirmed & ~bits,
  failed: ledger.failed & ~bits,
  handedBack: ledger.handedBack & ~bits,
  notHandled: ledger.notHandled & ~bits,
});

/** What was accepted and never spoken of. */
export const open = ({ accepted: all, confirmed: done, failed, handedBack: back }: Ledger): number => all & ~(done | failed | back);
