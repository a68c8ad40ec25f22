/** What must never happen, judged when all is over: a message lost, doubled, out of order or in the wrong hands, and a word that is not true. */
import type { Ledger, Run, Sent } from './ledger.js';

export const judgeSafety = (ledger: Ledger): void => {
  judgeOrder(ledger);
  judgeNames(ledger);
  for (const sent of ledger.sent) {
    judgeRuns(ledger, sent);
    if (sent.kind === 'message') judgeMessage(ledger, sent);
    if (sent.kind === 'request') judgeRequest(ledger, sent);
  }
};

/** First runs are in the order of sending, in each session and direction; within one process or page, all runs are. */
const judgeOrder = (ledger: Ledger): void => {
  const firsts = new Map<string, number>();
  for (const { sent, run, isFirst } of inOrderOfRunning(ledger)) {
    // A process that found it too late may have died before it could say so, and the next one may find it in time: clocks are put back.
    const isLate = sent.mayExpire && run.redelivered;
    const stream = `${sent.way} ${sent.session}`;
    if (isFirst && !isLate) {
      ledger.test('messages are handled in the order of sending', sent.number > (firsts.get(stream) ?? -1), sent);
      firsts.set(stream, sent.number);
    }
    const here = `${stream} in ${run.being}`;
    ledger.test('messages are handled again in the order of sending', sent.number > (firsts.get(here) ?? -1), sent);
    firsts.set(here, sent.number);
  }
};

interface Ran {
  readonly sent: Sent;
  readonly run: Run;
  readonly isFirst: boolean;
}

const inOrderOfRunning = (ledger: Ledger): readonly Ran[] => {
  const all: { readonly at: number; readonly ran: Ran }[] = [];
  for (const sent of ledger.sent)
    if (sent.kind === 'message')
      for (const [index, run] of sent.runs.entries()) all.push({ at: run.at, ran: { sent, run, isFirst: index === 0 } });
  return all.sort((a, b) => a.at - b.at).map(({ ran }) => ran);
};

/** A message's id says which session it is of, and is no other message's. */
const judgeNames = (ledger: Ledger): void => {
  const numbers = new Map<string, number>();
  for (const sent of ledger.sent)
    for (const { id } of sent.runs) {
      ledger.test('a message stays in its session', id.startsWith(`${sent.session}:${sent.way}:`), sent);
      if (sent.kind === 'volatile') continue;
      const other = numbers.get(id) ?? sent.number;
      // A server that was put back to a copy has forgotten numbers that it gave.
      if (!ledger.copied.has(sent.session)) ledger.test('an id names one message', other === sent.number, sent);
      numbers.set(id, sent.number);
    }
};

const judgeRuns = (ledger: Ledger, sent: Sent): void => {
  const { users, runs, session, way } = sent;
  const { beings } = ledger.receiversOf(session, way);
  const seen = new Set<number>();
  for (const { being, redelivered, user } of runs) {
    // One that died before it could write that it refused a sign-in had handled what came behind it for the former user. A server that was put back to a copy may judge a sign-in again, and otherwise.
    const isUndone = ledger.unwritten.has(session) && ledger.dead.has(being) && being !== beings.at(-1);
    if (users !== null && !isUndone && !ledger.copied.has(session))
      ledger.test('a message is handled for whom it was said', users.includes(user), sent);
    ledger.test('nothing is handled twice by one process or page', !seen.has(being), sent);
    ledger.test('only who has it handles it', beings.includes(being), sent);
    if (seen.size > 0 && !ledger.putBack.has(session)) ledger.test('what may have been handled before is marked', redelivered, sent);
    if (redelivered) ledger.test('a mark says that its handler may have died', being !== beings[0], sent);
    seen.add(being);
  }
  // A server that was put back to a copy has forgotten what it shipped; and a page does not know what its tab's duplicate shipped.
  const isForgotten = way === 'down' ? ledger.copied.has(session) : ledger.shared.has(session);
  if (sent.handedBack?.handled === 'no' && !isForgotten) ledger.test('what is handed back as not handled was not', runs.length === 0, sent);
};

/** Did who ran it last go on to have the session? Then it knew. */
const isKnownToLast = (ledger: Ledger, { runs, session, way }: Sent): boolean => {
  const last = ledger.receiversOf(session, way).beings.at(-1);
  return runs.some(({ being }) => being === last);
};

const judgeMessage = (ledger: Ledger, sent: Sent): void => {
  const { session, way, manner, status, handedBack, fate, runs, mayExpire, mayBeReplaced, poisoned, statusBy } = sent;
  const isDropped =
    (mayExpire && (status === 'expired' || fate === 'recovered')) || (mayBeReplaced && (status === 'replaced' || fate === 'recovered'));
  if (fate === 'known' || (fate === 'recovered' && !(way === 'up' && ledger.shared.has(session)))) {
    const isThere = runs.length > 0 || handedBack !== null || isDropped || poisoned;
    const unrun = isThere || way === 'down' ? 0 : (ledger.poisonedUnrun.get(session) ?? 0);
    if (unrun > 0) ledger.poisonedUnrun.set(session, unrun - 1);
    ledger.test('what is accepted is handled or handed back', isThere || unrun > 0, sent);
  }
  if (status === 'handled') ledger.test('what is said to be handled was', runs.length > 0 && manner !== 'throws', sent);
  if (status === 'failed') ledger.test('what is said to have failed did', (runs.length > 0 && manner === 'throws') || poisoned, sent);
  ledger.test('there was a handler for everything', status !== 'unhandled', sent);
  // A process that says so may die before that is written; the next one ships it where the date was put back meanwhile.
  if (status === 'expired' && statusBy !== null && !ledger.dead.has(statusBy))
    ledger.test('what is said to have expired was not handled', mayExpire && !isKnownToLast(ledger, sent), sent);
  // What took its place may have died with the turn in which it did.
  if (status === 'replaced' && statusBy !== null && !ledger.dead.has(statusBy))
    ledger.test('what is said to have been replaced was not handled', mayBeReplaced && runs.length === 0, sent);
  if (status === 'unknown' && fate === 'known') ledger.test('what is unknown is handed back', handedBack !== null, sent);
  if (status !== null && status !== 'unknown' && handedBack !== null)
    ledger.test('what is confirmed is not handed back', statusBy !== handedBack.being, sent);
};

const judgeRequest = (ledger: Ledger, sent: Sent): void => {
  const { answer, runs, handedBack } = sent;
  if (answer === 'reply') ledger.test('what is answered was asked', runs.length > 0, sent);
  if (answer === 'not handled') ledger.test('what is said not to be handled was not', runs.length === 0, sent);
  if (handedBack !== null && sent.fate === 'known') ledger.test('what is answered is not handed back', answer !== 'reply', sent);
};
