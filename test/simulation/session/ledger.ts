/** What was sent, handled and told in one life of a session, and what is wrong with it. Pure. */
import type { Confirmation, Unconfirmed } from '../../../src/stream/sent.js';
import type { Direction } from '../../support/path.js';

/** What a handler does with a message or request. */
export type Manner = 'at once' | 'slowly' | 'throws' | 'asks back';

/** One message or request that was accepted, and all that is known of it. */
export interface Sent {
  /** The session that it was sent in. */
  readonly session: string;
  readonly direction: Direction;
  readonly kind: 'message' | 'request';
  readonly manner: Manner;
  readonly mayExpire: boolean;
  /** Whom it is to be handled for; null: nobody can say. */
  user: string | null;
  status: Confirmation['status'] | null;
  handedBack: Unconfirmed['handled'] | null;
  answer: 'reply' | 'certainly not handled' | 'maybe handled' | null;
  /** Its sender died before it was durable, or before it could be told anything. */
  fate: 'known' | 'died' | 'died unwritten';
  runs: number;
  /** Runs that were not marked as redelivered. */
  fresh: number;
  /** Whom it was handled for. */
  handledFor: string | null;
}

export class Ledger {
  readonly #sent: Sent[] = [];
  /** By session and direction: the last message that was handled for the first time. */
  readonly #last = new Map<string, number>();
  /** Sessions that the present server has from the one before. */
  readonly #recovered = new Set<string>();
  readonly problems: string[] = [];

  /** It is accepted. Gives its number. */
  accepted(sent: Pick<Sent, 'session' | 'direction' | 'kind' | 'manner' | 'mayExpire' | 'user'>): number {
    this.#sent.push({ ...sent, status: null, handedBack: null, answer: null, fate: 'known', runs: 0, fresh: 0, handledFor: null });
    return this.#sent.length - 1;
  }

  /** The number that the next one that is accepted gets. */
  get next(): number {
    return this.#sent.length;
  }

  of(number: number): Sent {
    const sent = this.#sent[number];
    if (sent === undefined) throw new Error(`Number ${number} was never sent.`);
    return sent;
  }

  all(): readonly Sent[] {
    return this.#sent;
  }

  handled(number: number, info: { readonly id: string; readonly redelivered: boolean; readonly user: { readonly name: string } }): void {
    const sent = this.of(number);
    sent.runs += 1;
    if (!info.redelivered) sent.fresh += 1;
    sent.handledFor = info.user.name;
    if (sent.runs > 1 || sent.kind === 'request') return;
    const stream = info.id.slice(0, info.id.lastIndexOf(':'));
    const last = this.#last.get(stream) ?? -1;
    if (number < last) this.#problem(number, `handled behind ${last}`);
    this.#last.set(stream, Math.max(last, number));
  }

  handedBack({ payload, handled }: Unconfirmed): void {
    const { n } = payload as { readonly n: number };
    const sent = this.of(n);
    if (sent.handedBack !== null) this.#problem(n, 'handed back twice');
    sent.handedBack = handled;
  }

  /** The server died, and with it what it was about to write: the ends of its sessions, say. */
  died(): void {
    this.#recovered.clear();
  }

  /** The next server has this session: where the one before had told of its end, that was told to the dead. */
  recovered(session: string): void {
    this.#recovered.add(session);
    for (const sent of this.#sent)
      if (sent.session === session && sent.direction === 'down' && sent.fate !== 'known') sent.handedBack = null;
  }

  #problem(number: number, what: string): void {
    const { direction, kind, manner, status, answer, runs } = this.of(number);
    this.problems.push(`${direction} ${kind} ${number} (${manner}, ${status ?? answer}, ${runs} runs): ${what}`);
  }

  /** When all is over. `mayRepeat`: a server died, so that what it handled may be handled again. */
  judge(mayRepeat: boolean): readonly string[] {
    for (const [number, sent] of this.#sent.entries()) {
      const problem = (what: string): void => this.#problem(number, what);
      const { session, kind, manner, mayExpire, user, status, handedBack, answer, fate, runs, fresh, handledFor } = sent;
      if (user !== null && handledFor !== null && user !== handledFor) problem(`handled for ${handledFor} instead of ${user}`);
      if (fresh > 1) problem('doubled');
      if (runs > fresh && !mayRepeat) problem('marked as redelivered where nobody died');
      if (handedBack === 'no' && runs > 0) problem('handed back as not handled');
      if (kind === 'request') {
        if (answer === null && fate === 'known') problem('never answered');
        if (answer === 'reply' && runs === 0) problem('answered by nobody');
        if (answer === 'certainly not handled' && runs > 0) problem('handled, and its asker told that it was not');
        continue;
      }
      const isGone = fate === 'died unwritten' || (fate === 'died' && !this.#recovered.has(session));
      const isLate = mayExpire && (status === 'expired' || fate === 'died');
      if (runs === 0 && handedBack === null && !isLate && !isGone) problem('lost');
      if (status === null && fate === 'known') problem('never confirmed');
      if (status === 'handled' && (runs === 0 || manner === 'throws')) problem('not handled');
      if (status === 'failed' && manner !== 'throws' && !(mayRepeat && runs > 1)) problem('did not fail');
      if (status === 'unhandled') problem('there was a handler');
      if (status === 'expired' && fresh > 0 && !mayRepeat) problem('handled though it had expired');
      if (status === 'unknown' && handedBack === null && fate === 'known') problem('unknown and not handed back');
      if (!mayRepeat && status !== null && status !== 'unknown' && handedBack !== null) problem('confirmed and handed back');
    }
    return this.problems;
  }
}
