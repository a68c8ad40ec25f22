/** What became of the messages of a life, for the closing table. */
import type { Ledger, Sent, Way } from './ledger.js';

/** By way, kind and what became of it. */
export type Fates = ReadonlyMap<string, number>;

const fateOf = ({ kind, status, answer, handedBack, fate, runs }: Sent): string => {
  if (kind === 'volatile') return runs.length > 0 ? 'handled' : 'dropped';
  if (kind === 'request') {
    if (answer === 'reply') return 'answered';
    return answer === null ? 'its asker died' : answer;
  }
  if (status !== null && status !== 'unknown') return status;
  if (handedBack !== null) return 'handed back';
  if (fate === 'gone') return 'gone with its sender';
  return runs.length > 0 ? 'handled, its sender had died' : 'dropped, its sender had died';
};

export const fatesOf = (ledger: Ledger): Fates => {
  const fates = new Map<string, number>();
  const add = (way: Way, sent: Sent): void => {
    const key = `${way} ${sent.kind} ${fateOf(sent)}`;
    fates.set(key, (fates.get(key) ?? 0) + 1);
  };
  for (const sent of ledger.sent) {
    add(sent.way, sent);
    if (sent.runs.length > 1)
      fates.set(`${sent.way} ${sent.kind}, repeated with a mark`, (fates.get(`${sent.way} ${sent.kind}, repeated with a mark`) ?? 0) + 1);
  }
  return fates;
};
