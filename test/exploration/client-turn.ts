/** One turn of the client: a plain model of its shell (src/client/links.ts, credentials.ts, client.ts) around the shipped machine and stream. */
import type { ReasonCode } from '../../machines/reasons.js';
import type { Positions } from '../../machines/stream/packets.js';
import { mismatchOf } from '../../machines/stream/stream.js';
import type { Client, ClientStep, Tokens } from './client.js';
import { requestsIn, type Said } from './configuration.js';
import { newStream, reborn } from './ledger.js';
import { facts, type Lifecycles, type Step } from './lifecycle.js';
import type { Doing, DownFrame, Token, UpFrame } from './network.js';
import { Violation } from './rules.js';
import { type Around, newSide, restoredSide } from './side.js';
import { SideTurn } from './side-turn.js';

type Draft = { -readonly [Field in keyof Client]: Client[Field] };

const tokensOf = ({ token, next }: Tokens): readonly Token[] => (next === null ? [token] : [token, next]);

/** One turn of the client. */
export class ClientTurn {
  readonly #around: Around;
  readonly #lifecycles: Lifecycles;
  readonly #client: Draft;
  readonly #doings: Doing[] = [];
  /** The session's own turn, once it has one. */
  #side: SideTurn | null = null;

  constructor(around: Around, lifecycles: Lifecycles, client: Client) {
    this.#around = around;
    this.#lifecycles = lifecycles;
    this.#client = { ...client };
  }

  start(): void {
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, { type: 'START', username: 'jane' }));
  }

  retry(): void {
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, { passed: 'retry' }));
  }

  end(): void {
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, { type: 'END' }));
  }

  endDeadline(): void {
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, { passed: 'endDeadline' }));
  }

  send(said: Said): void {
    this.#turn()?.send(said, this.#client.saying);
    this.#client.saying += 1;
  }

  settle(): void {
    this.#turn()?.settle();
  }

  answer(): void {
    this.#turn()?.answer();
  }

  ackDue(): void {
    this.#turn()?.ackDue();
  }

  lost(code: ReasonCode = 'ConnectionLostError'): void {
    const { link } = this.#client;
    if (link !== null) this.#machine(this.#lifecycles.step(this.#client.lifecycle, facts.lost(link.id, code)));
  }

  /** The page is gone, and another one finds what it kept. Its session is lost, as it was for the former one. */
  reload(): void {
    const { session, life, ledger } = this.#client;
    if (session === null) return;
    this.#around.met.note('a client came back after a reload');
    this.lost();
    this.#side = null;
    this.#client.session = { id: session.id, side: restoredSide(this.#around, session.side, true) };
    this.#client.life = this.#around.configuration.plant === 'lifeUntold' ? life : life + 1;
    this.#client.ledger = reborn(ledger, requestsIn(this.#around.configuration.up));
  }

  received(frame: DownFrame): void {
    const { link } = this.#client;
    if (link === null) return;
    switch (frame.kind) {
      case 'data':
        return this.#turn()?.received(frame.packets);
      case 'deny':
        return this.#machine(this.#lifecycles.step(this.#client.lifecycle, facts.denied(link.id, frame.code)));
      case 'bye':
        if (frame.positions !== null) this.#turn()?.conclude(frame.positions);
        return this.lost(frame.code);
      case 'gone':
      case 'mismatch':
        this.#assertMayBe(frame.kind);
        if (frame.kind === 'gone' && frame.positions !== null) this.#turn()?.conclude(frame.positions);
        this.#client.link = { ...link, asks: 'start' };
        this.#doings.push({ type: 'up', id: link.id, frame: { kind: 'start', token: this.#startToken() } });
        return;
      case 'welcome':
        return this.#welcomed(frame);
    }
  }

  /** The two sides never disagree, and a session that is kept is only gone where its time was over, an app ended it, or its store was lost. */
  #assertMayBe(answer: 'gone' | 'mismatch'): void {
    const { durable, faults, ends } = this.#around.configuration;
    this.#around.met.note(`a resume was answered with ${answer}`);
    if (faults.rollbacks > 0) return;
    if (answer === 'mismatch') throw new Violation('what both remember fits', 'a resume is answered with a mismatch');
    if (durable && faults.timeouts === 0 && !ends.client && !ends.server)
      throw new Violation('what is kept is there', 'a resume is answered with gone');
  }

  over(): ClientStep {
    this.#keep();
    return { to: this.#client, doings: this.#doings };
  }

  #welcomed({ session, incarnation, positions }: Extract<DownFrame, { kind: 'welcome' }>): void {
    const { link } = this.#client;
    if (link === null) return;
    this.#client.link = { ...link, isWelcomed: true };
    if (positions === null) {
      this.#doings.push({ type: 'up', id: link.id, frame: { kind: 'confirm' } });
      this.#started(session);
    } else if (!this.#resumed(session, link.told, { ...positions, incarnation }, incarnation)) {
      throw new Violation('what both remember fits', 'a session is resumed with positions that its client does not know');
    }
    this.#client.incarnation = incarnation;
    const outcome = positions === null ? 'started' : 'resumed';
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, facts.welcomed(link.id, session, outcome, incarnation)));
  }

  #started(session: number): void {
    this.#client.tokens = { session, token: this.#client.starting ?? 0, next: null };
    this.#client.starting = null;
    this.#client.abandoned = null;
    const running = this.#turn()?.close() ?? null;
    if (this.#client.session !== null) this.#around.met.note('a session took the place of one that was gone');
    this.#keep();
    this.#client.ledger = newStream(this.#client.ledger);
    this.#client.session = { id: session, side: newSide(this.#around, this.#around.configuration.faults.clientReloads > 0) };
    this.#turn()?.waitFor(running);
  }

  #resumed(session: number, told: Positions | null, peer: Positions, incarnation: number): boolean {
    const side = this.#turn();
    if (side === null || told === null || this.#client.session?.id !== session || mismatchOf(side.state, peer) !== null) return false;
    const { tokens } = this.#client;
    if (tokens !== null) this.#client.tokens = { session, token: tokens.next ?? tokens.token, next: null };
    this.#client.starting = null;
    this.#around.met.note('resumed');
    side.resume(told, peer, this.#client.incarnation !== incarnation);
    return true;
  }

  #machine({ to, emitted, opens, closes, saysGoodbye }: Step): void {
    this.#client.lifecycle = to;
    // As the machine orders its effects: the app hears first, then the link goes.
    for (const event of emitted) {
      if (event === 'lost') this.#turn()?.stop();
      if (event === 'ended') this.#ended();
      if (event === 'failed') this.#client.starting = null;
    }
    const { link } = this.#client;
    if (closes && link !== null) {
      this.#keep();
      this.#doings.push({ type: 'closeClient', id: link.id });
      this.#client.link = null;
    }
    if (saysGoodbye) this.#turn()?.end();
    if (opens !== null) this.#open(opens);
  }

  #ended(): void {
    const { tokens, lifecycle } = this.#client;
    const side = this.#turn();
    const reason = lifecycle.value.context.endReason;
    const isAbandoned = reason === 'gaveUp' || (reason === 'ended' && side?.state.complete !== true);
    if (isAbandoned && tokens !== null) this.#client.abandoned = { session: tokens.session, tokens: tokensOf(tokens) };
    side?.close();
    this.#keep();
    this.#client.session = null;
    this.#client.tokens = null;
    this.#client.starting = null;
  }

  #open(id: number): void {
    const { session, incarnation, tokens, abandoned, life } = this.#client;
    const side = this.#turn();
    const told = side === null ? null : { ...side.positions(), incarnation };
    const asksResume = session !== null && told !== null && tokens !== null;
    const frame: UpFrame = {
      kind: 'hello',
      start: asksResume ? null : this.#startToken(),
      resume: asksResume
        ? { session: tokens.session, tokens: tokensOf(tokens), next: this.#nextToken(tokens), positions: told, life }
        : null,
      abandoned,
    };
    this.#client.link = { id, asks: asksResume ? 'resume' : 'start', isWelcomed: false, told };
    this.#doings.push({ type: 'open', id, frame });
    this.#machine(this.#lifecycles.step(this.#client.lifecycle, facts.opened(id)));
  }

  #startToken(): Token {
    this.#client.starting ??= this.#draw();
    return this.#client.starting;
  }

  #nextToken(tokens: Tokens): Token {
    const next = tokens.next ?? this.#draw();
    this.#client.tokens = { ...tokens, next };
    return next;
  }

  #draw(): Token {
    this.#client.drawn += 1;
    return this.#client.drawn;
  }

  #turn(): SideTurn | null {
    const { session, ledger } = this.#client;
    if (session === null) return null;
    this.#side ??= new SideTurn(this.#around, session.side, ledger, this.#around.configuration.down);
    return this.#side;
  }

  /** The session's turn is over: what it produced leaves, and what it told is heard, which may go on with it. */
  #keep(): void {
    for (let side = this.#side; side !== null; side = this.#side) {
      const { session, link } = this.#client;
      if (session === null) break;
      this.#client.session = { ...session, side: side.over() };
      this.#client.ledger = side.ledger;
      this.#side = null;
      if (link?.isWelcomed === true)
        for (const packets of side.written) this.#doings.push({ type: 'up', id: link.id, frame: { kind: 'data', packets } });
      for (const told of side.told) {
        if (told === 'peerEnded') this.#machine(this.#lifecycles.step(this.#client.lifecycle, { type: 'END' }));
        else if (link !== null) this.#machine(this.#lifecycles.step(this.#client.lifecycle, facts.endConfirmed(link.id)));
      }
    }
  }
}
