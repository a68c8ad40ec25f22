import type { Host } from '../../machines/ports/host.js';
import type { StreamTerms } from '../../machines/ports/transport.js';
import type { Entry } from '../../machines/stream/state.js';
import type { Unconfirmed } from '../stream/sent.js';
import type { Claim, Credentials } from './credentials.js';
import type { KeptSession, TabKeeper } from './persist/tab-keeper.js';
import type { ClientSession } from './session.js';

/** What is asked of the client whose sessions are kept. */
export interface KeepingOwner {
  /** The session, while there is one. */
  session(): ClientSession | null;
  /** The server's life that was heard last. */
  incarnation(): number;
  /** A session as an earlier page left it, without a link. */
  restore(kept: KeptSession): ClientSession;
}

/** A session that an earlier page left and that does not go on. */
export interface Former {
  readonly sessionId: string;
  readonly unconfirmed: readonly Unconfirmed[];
}

/** Only an app that asks for it loads what keeps sessions. */
const openKeeper = async (host: Host, scope: string): Promise<TabKeeper | null> => {
  try {
    const [{ TabKeeper }, tab] = await Promise.all([import('./persist/tab-keeper.js'), host.tab()]);
    return tab === null ? null : new TabKeeper(tab, host.clock, scope);
  } catch {
    // A page that can not load it any more, since a newer one took its place, has a session all the same: `persisted` says that it is not kept.
    return null;
  }
};

/** A client's side of `persist`: what the page before this one left becomes a session again, and what a turn changes is written before it leaves. */
export class Keeping {
  readonly #host: Host;
  readonly #scope: string;
  readonly #credentials: Credentials;
  readonly #owner: KeepingOwner;
  #keeper: TabKeeper | null = null;
  #terms: StreamTerms | null = null;
  /** The start that is under way. */
  #claim: Claim | null = null;
  #formers: Former[] = [];
  #isPlanned = false;
  /** What was left is looked for: a link waits for it. Null where nothing is. */
  ready: Promise<void> | null = null;
  /** What was left, until the server has said whether it goes on. */
  restored: ClientSession | null = null;

  constructor(host: Host, scope: string, credentials: Credentials, owner: KeepingOwner) {
    this.#host = host;
    this.#scope = scope;
    this.#credentials = credentials;
    this.#owner = owner;
  }

  get persisted(): boolean {
    return this.#keeper?.isWritten === true;
  }

  begin(claim: Claim): void {
    this.#claim = claim;
    this.#formers = [];
    const ready = (this.ready ?? Promise.resolve())
      .then(() => this.#find(claim))
      .then(() => {
        if (this.ready === ready) this.ready = null;
      });
    this.ready = ready;
  }

  async #find(claim: Claim): Promise<void> {
    if (this.#claim !== claim) return;
    this.#keeper ??= await openKeeper(this.#host, this.#scope);
    const found = await this.#keeper?.find({ username: claim.username, isGuest: claim.authParams === undefined });
    if (found === undefined) return;
    // It was taken back meanwhile.
    if (this.#claim !== claim) return this.#keeper?.release();
    for (const former of found.formers) {
      this.#credentials.abandon(former);
      this.#formers.push(overOf(this.#owner.restore(former)));
    }
    const { kept } = found;
    if (kept === null) return;
    this.#terms = kept.terms;
    this.#credentials.restore(kept);
    this.restored = this.#owner.restore(kept);
    this.save();
  }

  /** A session begins: what was left does not go on. */
  started(session: ClientSession, terms: StreamTerms): void {
    this.setAside();
    this.#terms = terms;
    this.#keeper?.begin(session.id);
    this.save();
  }

  /** The server knows nothing of what was left, or does not give it back. */
  setAside(): void {
    if (this.restored === null) return;
    this.#formers.push(overOf(this.restored));
    this.restored = null;
    this.#keeper?.setAside();
  }

  /** The session goes on. */
  resumed(): void {
    this.restored = null;
    this.#keeper?.settle();
    this.save();
  }

  /** What an app has to be told of, once. */
  takeFormers(): readonly Former[] {
    const formers = this.#formers;
    this.#formers = [];
    return formers;
  }

  /** Write now: something is about to leave. */
  save(): void {
    const session = this.#owner.session();
    const tokens = this.#credentials.kept;
    if (session === null || tokens === null || this.#terms === null) return;
    const { id, user, conversation } = session;
    const { token, nextToken } = tokens;
    if (tokens.id !== id) return;
    this.#keeper?.save({ id, user, token, nextToken, terms: this.#terms, incarnation: this.#owner.incarnation() }, conversation);
  }

  /** Something is to be written before the turn is over. What leaves in this turn writes it earlier. */
  changed(): void {
    if (this.#isPlanned || this.#keeper === null) return;
    this.#isPlanned = true;
    // Behind the stream's own flush, which is planned after this.
    queueMicrotask(() =>
      queueMicrotask(() => {
        this.#isPlanned = false;
        this.save();
      }),
    );
  }

  dropped({ ticket }: Entry): void {
    this.#keeper?.drop(ticket);
  }

  /** Another page was in this tab meanwhile. */
  thawed(): void {
    this.#keeper?.rewrite();
    this.save();
  }

  /** The session is over. */
  forget(): void {
    this.#keeper?.forget();
    this.release();
  }

  /** Nothing came of the start. What was left stays for the next one. */
  release(): void {
    this.#claim = null;
    this.#formers = [];
    this.restored?.conversation.close('NoActiveSessionError');
    this.restored = null;
    this.#keeper?.release();
  }
}

const overOf = ({ id, conversation }: ClientSession): Former => ({ sessionId: id, unconfirmed: conversation.close('SessionGoneError') });
