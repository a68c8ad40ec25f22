/** What must hold of what the two sides write, keep and come to. */

import type { Admission, SessionTurn } from '../../../machines/ports/store.js';
import type { Context } from '../../../machines/session/context.js';
import { hashOfToken } from '../../../src/server/admission.js';
import type { LiveSession } from '../../../src/server/session.js';
import { helloFromProtocols } from '../../../src/wire/hello.js';
import { assertKept } from '../holds.js';
import { open } from '../ledger.js';
import { Violation } from '../rules.js';
import type { Account, Content } from './accounts.js';
import type { Link, NetworkOwner } from './network.js';
import type { StoreOwner } from './store.js';
import type { ShippedWorld } from './world.js';

/** How far a side is, as it is kept. */
interface Places {
  readonly shipped: number;
  readonly done: number;
}

/** A hello that arrived, and what it may take. */
interface Hello {
  readonly link: Link;
  /** The sessions that there were, with the hash of the current token of each. */
  readonly before: ReadonlyMap<LiveSession, string>;
  /** The hashes of the tokens that it brought. */
  readonly tokens: readonly string[];
  /** Its client has given it up, and did not mean to end what it names. */
  readonly isLate: boolean;
}

type Frame = readonly [tag: string, ...rest: unknown[]];

/** A client whose fields are open: see bundle.ts. */
interface Opened {
  readonly client$actor: { getSnapshot(): { readonly context: Context; readonly value: unknown } };
}

export class Watch implements NetworkOwner, StoreOwner {
  readonly #world: ShippedWorld;
  /** What the store has of each session. */
  readonly places = new Map<string, Places>();
  /** What was said in the latest step, for people. */
  lines: string[] = [];
  /** Of all sessions that there were. */
  readonly ids = new Set<string>();
  /** Those that arrived in the latest step. */
  #hellos: Hello[] = [];
  /** Thrown from inside the shipped code it would be that code's. */
  #problem: Violation | null = null;

  constructor(world: ShippedWorld) {
    this.#world = world;
  }

  get machine(): { readonly context: Context; readonly value: unknown } {
    return (this.#world.page.client as unknown as Opened).client$actor.getSnapshot();
  }

  /** How long the client waits for its next try, in milliseconds; null where it does not wait. */
  retryInMs(): number | null {
    const { value, context } = this.machine;
    return JSON.stringify(value).includes('"waiting"') ? context.retryInMs : null;
  }

  // --- What is written ---

  opens(link: Link): void {
    this.#line(link, '|-->', 'a hello');
  }

  writes(link: Link, text: string): void {
    this.#line(link, '<--|', text);
    const { durable } = this.#world.configuration;
    const session = this.#world.connectionOf(link)?.session ?? null;
    const kept = session === null || !durable ? null : (this.places.get(session.id) ?? { shipped: 0, done: 0 });
    this.#look('server', text, kept, this.#world.server);
    for (const [tag, ...rest] of JSON.parse(text) as readonly Frame[]) {
      if (tag === 'gone' || tag === 'mismatch') this.#assertMayBe(tag, link);
      if (tag === 'a') link.told.ack = rest.join();
      else link.told.items += 1;
    }
  }

  says(link: Link, text: string): void {
    this.#line(link, '|-->', text);
    const { configuration, tab, page } = this.#world;
    const head = tab.texts.get(`ninelives:${page.client.session?.id ?? ''}`);
    const kept =
      !configuration.persists || page.client.session === null
        ? null
        : ((JSON.parse(head ?? '{}').positions ?? { shipped: 0, done: 0 }) as Places);
    this.#look('client', text, kept, this.#world.client);
  }

  #line(link: Link, way: string, text: string): void {
    const { links } = this.#world.network;
    this.lines.push(`${links.includes(link) ? links.indexOf(link) + 1 : 'new'} ${way} ${text}`);
  }

  /** Nothing leaves before it is kept. */
  #look(name: string, text: string, kept: Places | null, account: Account): void {
    const tell = (last: number, done: number): void => {
      if (kept === null) return;
      this.#world.met.note(`the ${name} kept what it told`);
      if (last > kept.shipped || done > kept.done)
        this.#found(
          'nothing leaves before its commit',
          `the ${name} tells ${last} sent and ${done} done, and has kept ${kept.shipped} and ${kept.done}`,
        );
    };
    for (const [tag, ...rest] of JSON.parse(text) as readonly Frame[]) {
      if (tag === 'm') account.left((rest[1] as Content).n);
      if (tag === 'q') account.left((rest[2] as Content).n);
      if (tag === 'a') tell(rest[2] as number, rest[1] as number);
      const positions =
        tag === 'welcome' ? (rest[0] as { readonly positions?: { readonly last: number; readonly done: number } }).positions : undefined;
      if (positions !== undefined) tell(positions.last, positions.done);
    }
  }

  /** A session that is kept is only gone where its time was over, an app ended it, or its store was lost; and the two sides never disagree. */
  #assertMayBe(answer: 'gone' | 'mismatch', link: Link): void {
    const {
      configuration: { durable, faults, clientDoes, serverDoes },
      met,
    } = this.#world;
    met.note(`a resume was answered with ${answer}`);
    // Somebody's former hello, or one that its client has given up.
    if (!link.isClientOpen) return;
    if (answer === 'mismatch' && durable) this.#found('what both remember fits', 'a resume is answered with a mismatch');
    const mayEnd = faults.earlyTimers > 0 || clientDoes.includes('ends') || serverDoes.length > 0;
    if (answer === 'gone' && !mayEnd && (durable || faults.serverDeaths === 0))
      this.#found('what is kept is there', 'a resume is answered with gone');
  }

  asked(what: string, argument: unknown): void {
    if (what === 'admit') this.ids.add((argument as Admission).session.id);
  }

  stored(what: string, argument: unknown): void {
    if (what !== 'commit') return;
    for (const {
      id,
      positions: { shipped, done },
    } of argument as readonly SessionTurn[])
      this.places.set(id, { shipped, done });
  }

  /** The store is another one. */
  forgot(): void {
    this.places.clear();
  }

  // --- What arrives ---

  /** A hello takes a session only with its current token, and one that its client has given up ends none. */
  arrives(link: Link, deliver: () => void): void {
    const { process } = this.#world;
    const before = new Map(process.sessions().map((session) => [session, session.tokenHash]));
    const isHello = link.up[0]?.kind === 'open';
    deliver();
    if (!isHello) return;
    const offered = helloFromProtocols(link.protocols);
    if (offered.kind !== 'hello') return;
    const { resume, abandoned, key } = offered.frame.hello;
    this.#hellos.push({
      link,
      before,
      tokens: [...(resume?.tokens ?? []), ...(abandoned?.tokens ?? [])].map((token) => hashOfToken(token, key)),
      isLate: !link.isClientOpen && abandoned === undefined,
    });
  }

  #lookAtHellos(): void {
    const { process, met } = this.#world;
    for (const { link, before, tokens, isLate } of this.#hellos) {
      const session = this.#world.connectionOf(link)?.session ?? null;
      const hash = session === null ? undefined : before.get(session);
      if (hash !== undefined) {
        met.note('a hello came to its session');
        if (!tokens.includes(hash))
          throw new Violation('only the current token resumes', 'a session goes on for a token that is not its own');
      }
      if (isLate) {
        met.note('a hello came late');
        const own = [...before.keys()].find(({ id }) => id === this.#world.page.client.session?.id);
        if (own !== undefined && !process.sessions().includes(own))
          throw new Violation('a late hello ends nothing', 'a session is gone after a hello that its client has given up');
      }
    }
    this.#hellos = [];
  }

  // --- What they come to ---

  assertHolds(): void {
    if (this.#problem !== null) throw this.#problem;
    const { client, server, page, process, configuration, met } = this.#world;
    this.#lookAtHellos();
    const conversation = page.conversation();
    const { durable, faults } = configuration;
    const isKept = (durable || faults.serverDeaths === 0) && process.sessions().some(({ id }) => id === page.client.session?.id);
    client.look(conversation === null ? [] : [conversation], server.ledger, isKept && configuration.persists);
    server.look(process.conversations(), client.ledger, isKept);
    assertKept(client.ledger, server.ledger, 'client');
    assertKept(server.ledger, client.ledger, 'server');
    const linked = new Set<unknown>();
    for (const { connection, id } of process.sessions()) {
      if (!connection.hasLink) continue;
      met.note('a connection was compared');
      if (linked.has(connection)) throw new Violation('one connection a session', `two sessions are on one connection, one of them ${id}`);
      linked.add(connection);
    }
    const having = this.#world.network.links
      .map((link) => this.#world.connectionOf(link))
      .filter((one) => one?.session != null && one.state === 'live');
    for (const one of having)
      if ((one?.session?.connection as unknown) !== one)
        throw new Violation('one connection a session', 'a connection has a session that is on another one');
    this.#assertEnd();
  }

  #assertEnd(): void {
    const {
      configuration: { clientDoes, serverDoes, faults },
    } = this.#world;
    const { endReason } = this.machine.context;
    const mayEnd = clientDoes.includes('ends') || serverDoes.includes('ends');
    const mayBe = [
      ...(mayEnd ? ['ended'] : []),
      ...(serverDoes.includes('revokes') ? ['revoked'] : []),
      ...(faults.earlyTimers > 0 ? ['expired', 'ended'] : []),
    ];
    if (endReason !== null && !mayBe.includes(endReason))
      throw new Violation('a session ends as its apps wish', `the client's ended as ${endReason}`);
  }

  assertAtRest(): void {
    const { client, server, page, process, configuration, met } = this.#world;
    const wrong = (detail: string): never => {
      throw new Violation('all comes to rest', detail);
    };
    if (open(client.ledger) !== 0 || open(server.ledger) !== 0) wrong('a message is neither confirmed nor handed back');
    met.note('came to rest');
    if (page.started() === null) wrong('a start has not settled');
    const { status } = page.client.getSnapshot();
    const sessions = process.sessions();
    if (process.server.counts.unconfirmed > 0 || process.server.counts.pending > 0) wrong('the server waits for somebody');
    if (status === 'ended' || status === 'idle') {
      met.note(`came to rest ${status}`);
      if (status === 'idle') wrong('a start has failed');
      if (sessions.length > 0) wrong('the server keeps a session that is over');
      return;
    }
    const { session } = page.client;
    if (status !== 'active' || session === null) return wrong(`the client is ${status}`);
    if (page.started() !== 'succeeded') wrong('a start has failed, and there is a session');
    const [kept, ...others] = sessions;
    if (kept === undefined || others.length > 0 || kept.id !== session.id) return wrong('the server has not just this session');
    if (kept.user.name !== session.user.name) wrong(`the client is ${session.user.name}, and the server says ${kept.user.name}`);
    if (!kept.connection.hasLink) wrong('the server takes the session for lost');
    if (client.saying < configuration.up.length || server.saying < configuration.down.length) wrong('something could not be said');
  }

  #found(rule: string, detail: string): void {
    this.#problem ??= new Violation(rule, detail);
  }
}
