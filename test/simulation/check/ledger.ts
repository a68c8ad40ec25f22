/** What was sent, handled and told in one life, as it happens. It judges nothing: that is what safety.ts and progress.ts do. */
import type { Confirmation, Unconfirmed } from '../../../src/stream/sent.js';

export type Way = 'up' | 'down';

/** What a handler does with a message or request. */
export type Manner = 'at once' | 'slowly' | 'throws' | 'asks back' | 'sends back';

/** A handler was run. */
export interface Run {
  /** Which run of all it was. */
  readonly at: number;
  /** Where: the process or the page. */
  readonly being: number;
  readonly redelivered: boolean;
  readonly user: string;
  readonly id: string;
}

/** One message or request that was accepted, and all that is known of it. */
export interface Sent {
  readonly number: number;
  readonly session: string;
  readonly way: Way;
  readonly kind: 'message' | 'request' | 'volatile';
  readonly manner: Manner;
  /** It has a `ttlMs`, or a `replaceKey`: then it may be gone without a handler. */
  readonly mayExpire: boolean;
  readonly mayBeReplaced: boolean;
  /** Who it may be handled for. It is narrowed when a sign-in is decided. */
  users: readonly string[] | null;
  /** Who answers for it: the process or page that sent it, or one that goes on with what that left. */
  keeper: number;
  /**
   * `known`: whoever sent it lives, and is told. `kept`: that one died, and has left it to the next one; `recovered`: which has it.
   * `gone`: it died with its sender, or the sender's store was put back to before it.
   */
  fate: 'known' | 'kept' | 'recovered' | 'gone';
  status: Confirmation['status'] | null;
  handedBack: { readonly handled: Unconfirmed['handled']; readonly being: number } | null;
  /** Who was told `status`. */
  statusBy: number | null;
  answer: 'reply' | 'not handled' | 'maybe handled' | null;
  poisoned: boolean;
  readonly runs: Run[];
}

/** One side of one session. */
export interface SideOfSession {
  /** The processes or pages that had it, in their order. */
  readonly beings: number[];
}

/** Something that is not as it is promised. */
export interface Problem {
  /** Which promise: the same for the same fault. */
  readonly rule: string;
  readonly detail: string;
}

export class Ledger {
  readonly sent: Sent[] = [];
  /** By session and way, as there are thousands in a life. */
  readonly #streams = new Map<string, Sent[]>();
  readonly problems: Problem[] = [];
  /** By session and way: the processes (of `up`) or pages (of `down`) that handle it. */
  readonly #receivers = new Map<string, SideOfSession>();
  /** Sessions whose server's store was put back to before the server's latest start. */
  readonly putBack = new Set<string>();
  /** Sessions whose server's store was put back to any copy. */
  readonly copied = new Set<string>();
  /** Sessions of servers whose store failed: what a process did meanwhile it may not have written before it died. */
  readonly unwritten = new Set<string>();
  /** Sessions that were in a tab when it was duplicated: a page that goes before its duplicate has looked leaves them to that one, which has a copy. */
  readonly shared = new Set<string>();
  /** Processes and pages that are gone: what they were told last is not known to anybody. */
  readonly dead = new Set<number>();
  /** By session: how many messages were passed over though no handler was ever called with them, as their processes died right before. */
  readonly poisonedUnrun = new Map<string, number>();
  /** How often each rule was put to the test. */
  readonly tested = new Map<string, number>();

  /** The number that the next one that is accepted gets. */
  get next(): number {
    return this.sent.length;
  }

  accepted(sent: Pick<Sent, 'session' | 'way' | 'kind' | 'manner' | 'mayExpire' | 'mayBeReplaced' | 'users' | 'keeper'>): Sent {
    const entry: Sent = {
      ...sent,
      number: this.sent.length,
      fate: 'known',
      status: null,
      statusBy: null,
      handedBack: null,
      answer: null,
      poisoned: false,
      runs: [],
    };
    this.sent.push(entry);
    this.#streamOf(sent.session, sent.way).push(entry);
    return entry;
  }

  #streamOf(session: string, way: Way): Sent[] {
    const key = `${way} ${session}`;
    const stream = this.#streams.get(key) ?? [];
    this.#streams.set(key, stream);
    return stream;
  }

  of(number: number): Sent {
    const sent = this.sent[number];
    if (sent === undefined) throw new Error(`Number ${number} was never sent.`);
    return sent;
  }

  /** This process or page has the session from now on. */
  receives(session: string, way: Way, being: number): void {
    const { beings } = this.receiversOf(session, way);
    if (!beings.includes(being)) beings.push(being);
  }

  receiversOf(session: string, way: Way): SideOfSession {
    const key = `${way} ${session}`;
    const side = this.#receivers.get(key) ?? { beings: [] };
    this.#receivers.set(key, side);
    return side;
  }

  /** Judged at once, as it can be: what is handed back twice by one keeper. */
  handedBack({ payload, handled }: Unconfirmed, being: number): void {
    const sent = this.of((payload as { readonly n: number }).n);
    this.test('nothing is handed back twice', sent.handedBack?.being !== being, sent);
    sent.handedBack = { handled, being };
  }

  /** A keeper died. `isKept`: does what it left outlive it? */
  died(being: number, isKept: (sent: Sent) => boolean): void {
    this.dead.add(being);
    for (const sent of this.sent)
      if (sent.keeper === being && (sent.fate === 'recovered' || (sent.fate === 'known' && isOpen(sent))))
        sent.fate = isKept(sent) ? 'kept' : 'gone';
  }

  /** What these sessions had left is in no store any more, but for these numbers. */
  forgotten(sessions: ReadonlySet<string>, way: Way, but: ReadonlySet<number> = new Set()): void {
    for (const session of sessions)
      for (const sent of this.#streamOf(session, way)) if (sent.fate === 'kept' && !but.has(sent.number)) sent.fate = 'gone';
  }

  /** The next process or page goes on with what the session's last one left. */
  recovered(session: string, way: Way, being: number): void {
    // A page hands back and forgets in one turn; a server tells of an end before that is written.
    for (const sent of this.#streamOf(session, way))
      if (sent.fate === 'kept' && (way === 'down' || sent.handedBack === null)) {
        sent.fate = 'recovered';
        sent.keeper = being;
        // What was told of it was told to the dead.
        sent.status = null;
        sent.handedBack = null;
      }
  }

  /** A server says that it passes over what processes died of. What it had begun and never run is known by its session alone. */
  poisoned(session: string, id: string): void {
    const ran = this.#streamOf(session, 'up').find(({ runs }) => runs.some((run) => run.id === id));
    if (ran !== undefined) ran.poisoned = true;
    else this.poisonedUnrun.set(session, (this.poisonedUnrun.get(session) ?? 0) + 1);
  }

  /** One rule, put to the test once. */
  test(rule: string, holds: boolean, about: Sent | string): void {
    this.tested.set(rule, (this.tested.get(rule) ?? 0) + 1);
    if (!holds) this.problems.push({ rule, detail: typeof about === 'string' ? about : wordsFor(about) });
  }
}

/** Is its sender still to be told something? A server that leaves its sessions to the next one says that it does not know. */
const isOpen = ({ status, answer }: Sent): boolean => answer === null && (status === null || status === 'unknown');

/** A message, as a problem names it. */
const wordsFor = ({ number, way, kind, manner, status, answer, fate, handedBack, runs }: Sent): string => {
  const ran = runs.map(({ being, redelivered, user }) => `in ${being} for ${user}${redelivered ? ', marked' : ''}`).join('; ');
  const back = handedBack === null ? 'not handed back' : `handed back as ${handedBack.handled} by ${handedBack.being}`;
  return `${way} ${kind} ${number} (${manner}): ${status ?? answer ?? 'nothing told'}, ${fate}, ${back}, run: ${ran || 'never'}`;
};
