/** A picture of a whole world, as a text that is the same where all that can follow is: fields of the shipped code included, which bundle.ts opens. */
import { createHash } from 'node:crypto';
import { hashOfToken } from '../../../src/server/admission.js';
import type { SessionServer } from '../../../src/server/server.js';
import { helloFromProtocols } from '../../../src/wire/hello.js';
import type { Account } from './accounts.js';
import { Timer } from './life.js';
import type { Link, Parcel } from './network.js';
import { type ShippedWorld, tokenOf } from './world.js';

/** What stays as it is made, only tells others, or is of time, which stands still here. By the name of the field, whichever class has it. */
const constant = new Set([
  'owner',
  'settings',
  'host',
  'clock',
  'log',
  'options',
  'transport',
  'terms',
  'limits',
  'registry',
  'events',
  'reports',
  'server',
  'socket',
  'request',
  'origin',
  'liveness',
  'steps',
  'handlers',
  'turnEnd',
  'tab',
  'drawn',
  'openings',
  'userAgent',
  'createdAt',
  'features',
  'roundTripMs',
]);
/** The same, by class and name. */
const constantIn = new Set([
  'session_keeper$parts',
  'session_keeper$maker',
  'session_keeper$resumes',
  'session_maker$parts',
  'resumes$parts',
  'owed_writes$store',
]);

/** Words that are drawn, wherever they stand. */
const drawn = /[\w-]{22,}/g;

/** A user's number says who it is to the store alone, which counts on where a user was forgotten; by name they are told apart. */
const userNumber = /(\bid\\?"?[=:])\d+(?=[;,]\\?"?name)|(presence\$\w+=\{)\d+(?=:)/g;

const isPlain = (value: object): boolean => Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;

/** A queue is a part of its array. */
const isQueue = (value: object): value is { readonly items: readonly unknown[]; readonly start: number; readonly end: number } =>
  'items' in value && 'start' in value && 'end' in value;

export class Pictures {
  /** The hash of each token that can be drawn, and its token. */
  readonly #tokens = new Map<string, string>();
  #known = 0;

  /** Of a world in which nothing runs. */
  async of(world: ShippedWorld): Promise<string> {
    const text = new Walk().text(await partsOf(world));
    return this.#named(text, world);
  }

  async hashOf(world: ShippedWorld): Promise<string> {
    return createHash('sha1')
      .update(await this.of(world))
      .digest('base64');
  }

  /** Tokens and ids by the order in which they come, as nothing depends on which were drawn. */
  #named(text: string, { draws, watch }: ShippedWorld): string {
    for (; this.#known < draws.count; this.#known += 1) {
      const token = tokenOf(this.#known + 1);
      this.#tokens.set(token, token).set(hashOfToken(token, undefined), token);
    }
    const names = new Map<string, string>();
    return text.replace(userNumber, '$1$2').replace(drawn, (word) => {
      const token = this.#tokens.get(word);
      if (token === undefined && !watch.ids.has(word)) return word;
      const name = names.get(token ?? word) ?? `${names.size}`;
      names.set(token ?? word, name);
      return token === undefined ? `s${name}` : word === token ? `t${name}` : `h${name}`;
    });
  }
}

interface OpenServer {
  readonly server$turns: unknown;
  readonly server$pending: unknown;
  readonly server$draining: unknown;
  readonly server$closing: unknown;
}

const partsOf = async (world: ShippedWorld): Promise<readonly unknown[]> => {
  const { page, process, network, time, left, did, watch, tab, configuration } = world;
  const client = Object.entries(page.client).filter(([name]) =>
    /\$(session|credentials|keeping|wasRestored|start|ends|unconfirmed|links)$/.test(name),
  );
  const server = process.server as SessionServer & OpenServer;
  const { value, context } = watch.machine;
  const lives = [
    ['client', page.life],
    ['server', process.life],
  ] as const;
  const { session, online, endReason } = context;
  return [
    [value, session, online, endReason, Object.fromEntries(client), page.started()],
    [server.keeper, server.server$turns, server.server$pending, server.server$draining, server.server$closing !== null, server.incarnation],
    network.links.map(linkOf),
    configuration.faults.repeatedHellos > 0 ? network.heard.map(helloOf) : null,
    process.gate.pending.map(({ what, argument }) => [what, argument]),
    await storeOf(world),
    [...tab.texts].sort(([one], [other]) => (one < other ? -1 : 1)),
    lives.map(([side, life]) =>
      [...life.timers]
        .map((timer) => world.kindOf(side, timer))
        .map(({ name, rank }) => (rank === 'idle' ? '' : name))
        .filter(Boolean)
        .sort(),
    ),
    [time.now, left, [...did].sort(), world.signingIn],
    [accountOf(world.client), accountOf(world.server), watch.places],
  ];
};

const helloOf = (protocols: readonly string[]): unknown => {
  const offered = helloFromProtocols(protocols);
  return offered.kind === 'hello' ? offered.frame.hello : offered.kind;
};

const parcelOf = (parcel: Parcel): unknown => (parcel.kind === 'text' ? parcel.text : parcel.kind === 'close' ? parcel.code : parcel.kind);

const linkOf = ({ protocols, up, down, server, isClientOpen, isServerOpen, isCut, told }: Link): unknown => [
  helloOf(protocols),
  up.map(parcelOf),
  down.map(parcelOf),
  server,
  isClientOpen,
  isServerOpen,
  isCut,
  isServerOpen ? told : null,
];

/** More than there are. */
const all = { page: 0, size: 100 };

const storeOf = async ({ store }: ShippedWorld): Promise<unknown> => {
  const kept = store.streams === null ? null : await store.streams.load({ now: 0 })();
  return [kept, await store.listSessions(all)(), await store.listUsers(all)()];
};

const accountOf = (account: Account): unknown => [account.ledger, account.saying, account.picture];

/** Writes values as text; what comes again, by its place. */
class Walk {
  readonly #places = new Map<object, number>();
  #count = 0;

  text(value: unknown): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'function':
        return `f${Object.values(value as object)
          .map((one) => this.text(one))
          .join()}`;
      case 'object':
        return value === null ? '-' : this.#object(value);
      default:
        return String(value);
    }
  }

  #object(value: object): string {
    if (value instanceof Timer) return 'T';
    if (value instanceof Promise) return 'P';
    if (value instanceof AbortController) return value.signal.aborted ? 'A' : 'a';
    const place = this.#places.get(value);
    if (place !== undefined) return `^${place}`;
    this.#places.set(value, this.#count);
    if (!isPlain(value)) this.#count += 1;
    const text = this.#parts(value);
    // Plain data is what it says, whoever else has it too; only on the way into itself it is named by its place.
    if (isPlain(value)) this.#places.delete(value);
    return text;
  }

  #parts(value: object): string {
    if (Array.isArray(value)) return `[${value.map((one) => this.text(one)).join()}]`;
    if (value instanceof Map) return `{${[...value].map(([key, one]) => `${this.text(key)}:${this.text(one)}`).join()}}`;
    if (value instanceof Set) return `<${[...value].map((one) => this.text(one)).join()}>`;
    if (isQueue(value))
      return `[${value.items
        .slice(value.start, value.end)
        .map((one) => this.text(one))
        .join()}]`;
    let text = '(';
    for (const name of Object.keys(value)) {
      const own = (value as Record<string, unknown>)[name];
      if (own !== undefined && typeof own !== 'function' && !constantIn.has(name) && !constant.has(name.slice(name.indexOf('$') + 1)))
        text += `${name}=${this.text(own)};`;
    }
    return `${text})`;
  }
}
