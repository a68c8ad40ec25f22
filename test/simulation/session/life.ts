/**
 * One life of a few clients and their server, in virtual time: what happens is drawn from a seed, and the same seed gives the same life again.
 * Kinds of events are switched on or off for a whole life, so that rare orders of a few of them come up too.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../../adapters/hosts/seeded.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memory } from '../../../adapters/stores/memory.js';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { SessionClient } from '../../../src/client/client.js';
import type { ClientSession } from '../../../src/client/session.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import { DatabaseSync } from '../../adapters/stores/sqlite/scratch.js';
import { keptLog } from '../../support/server.js';
import { Ledger, type Manner, type Sent } from './ledger.js';
import { type Mortal, mortal, slowStore } from './mortal.js';
import { type Side, simulatedNetwork } from './network.js';

export interface Outcome {
  readonly problems: readonly string[];
  /** What happened, in order. */
  readonly story: readonly string[];
  readonly messages: number;
  readonly lost: number;
  readonly resumed: number;
  readonly gaps: number;
}

/** What can happen. */
const kinds = [
  'send',
  'request',
  'cut',
  'half cut',
  'stall',
  'delay',
  'storm',
  'end',
  'end by server',
  'revoke',
  'sign in',
  'renew',
  'restart',
  'crash',
  'drain',
  'sleep',
  'long wait',
  'step date',
  'store fails',
] as const;
type Kind = (typeof kinds)[number];

/** How often each comes, in a life that has it. */
const weights: Readonly<Record<Kind, number>> = {
  send: 14,
  request: 5,
  cut: 4,
  'half cut': 4,
  stall: 3,
  delay: 2,
  storm: 2,
  end: 0.5,
  'end by server': 0.3,
  revoke: 0.3,
  'sign in': 1,
  renew: 1,
  restart: 0.5,
  crash: 1,
  drain: 0.5,
  sleep: 0.5,
  'long wait': 1,
  'step date': 0.5,
  'store fails': 1,
};

/** Between two sides that keep the rules nobody breaks one. */
const brokenRules: ReadonlySet<string> = new Set(['ProtocolError', 'MessageTooLargeError', 'InvalidTextError', 'SlowConsumerError']);

const steps = 45;
const right = { password: 'right' };

interface Payload {
  readonly n: number;
  readonly manner: Manner;
  readonly ms: number;
  readonly text: string;
}

export const live = async (seed: number): Promise<Outcome> => {
  const random = seededRandom(seed);
  const upTo = (max: number): number => Math.floor(random() * max);
  const oneOf = <A>(list: readonly A[]): A => list[upTo(list.length)] as A;
  const host = virtualHost({ seed: seed + 1 });
  const network = simulatedNetwork(host);
  const ledger = new Ledger();
  const story: string[] = [];
  const problems: string[] = [];
  const tell = (what: string): void => void story.push(`${(host.clock.now() / 1_000).toFixed(3)} ${what}`);
  const isOn = new Set(kinds.filter((kind) => kind === 'send' || random() < 0.55));
  const durable = random() < 0.5;
  if (!durable) for (const kind of ['crash', 'store fails'] as const) isOn.delete(kind);
  let isFailing = false;
  const expires = isOn.has('renew') && random() < 0.5;
  if (expires) isOn.delete('step date');
  const file = join(tmpdir(), `ninelives-life-${process.pid}-${seed}.db`);
  let mayRepeat = false;
  let lost = 0;
  let resumed = 0;
  let gaps = 0;

  // --- Messages ---

  const manners: readonly Manner[] = ['at once', 'at once', 'at once', 'slowly', 'throws', 'asks back'];
  const payload = (manner: Manner): Payload => ({
    n: ledger.next,
    manner,
    ms: upTo(600),
    text: 'x'.repeat(random() < 0.1 ? upTo(3_000) : 4),
  });
  type Talker = Pick<ClientSession, 'send' | 'request' | 'user'>;
  /** Numbers that are sent while a sign-in is under way. */
  const signingIn = new Map<Talker, number[]>();
  const accepted = (talker: Talker, direction: 'up' | 'down', kind: 'message' | 'request', manner: Manner, mayExpire: boolean): number => {
    const pending = direction === 'up' ? signingIn.get(talker) : undefined;
    const n = ledger.accepted({
      direction,
      kind,
      manner,
      mayExpire,
      user: pending === undefined && !(direction === 'down' && isUntold) ? talker.user.name : null,
    });
    pending?.push(n);
    return n;
  };
  const send = (talker: Talker, direction: 'up' | 'down'): void => {
    const what = payload(oneOf(manners));
    const options = random() < 0.15 ? { ttlMs: upTo(1_500) } : undefined;
    const result = talker.send('say', what, options);
    if (!result.accepted) return;
    const n = accepted(talker, direction, 'message', what.manner, options !== undefined);
    void result.confirmed.then(({ status }) => {
      ledger.of(n).status = status;
    });
  };
  const ask = async (talker: Talker, direction: 'up' | 'down', manner: Manner): Promise<void> => {
    const what = payload(manner);
    // A request is always taken or answered: it is entered before that is known, as it may be handled at once.
    const n = accepted(talker, direction, 'request', manner, false);
    const result = await talker.request('ask', what, { timeoutMs: 500 + upTo(3_000) });
    const sent = ledger.of(n);
    sent.answer = result.succeeded ? 'reply' : result.maybeHandled ? 'maybe handled' : 'certainly not handled';
  };
  const isThere = (life: Mortal | null): boolean => life === null || life.isAlive;
  const handle = async (
    other: Talker,
    back: 'up' | 'down',
    life: Mortal | null,
    { n, manner, ms }: Payload,
    info: Parameters<Ledger['handled']>[1],
  ): Promise<void> => {
    if (!isThere(life)) return;
    ledger.handled(n, info);
    if (manner === 'throws') throw new Error('As it was told.');
    if (manner === 'slowly') await new Promise<void>((resolve) => (life?.host ?? host).clock.setTimeout(resolve, ms));
    if (manner === 'asks back') await ask(other, back, 'at once');
    if (isThere(life) && random() < 0.3) send(other, back);
  };
  /** Synchronous where it can be. */
  const handler =
    (other: Talker, back: 'up' | 'down', life: Mortal | null) =>
    (what: Payload, info: Parameters<Ledger['handled']>[1]): unknown => {
      if (what.manner !== 'at once') return handle(other, back, life, what, info);
      if (isThere(life)) ledger.handled(what.n, info);
      return undefined;
    };
  const equip = (talker: ClientSession | LiveSession, back: 'up' | 'down', life: Mortal | null): void => {
    const handled = handler(talker, back, life);
    talker.on('say', (what, info) => handled(what as Payload, info));
    talker.onRequest('ask', async (what, info) => {
      await handle(talker, back, life, what as Payload, info);
      return null;
    });
  };

  // --- The server ---

  const smallWindow = random() < 0.3;
  const window = smallWindow ? { messages: 4, size: 2_000 } : { messages: 64, size: 50_000 };
  const buffer = smallWindow ? { messages: 20, size: 20_000 } : { messages: 1_000, size: 1_000_000 };
  const storeDelayMs = random() < 0.5 ? 0 : upTo(60);
  const authenticatesInMs = upTo(300);
  const options: ServerOptions = {
    guests: true,
    resumeWindowMs: oneOf([60_000, 60_000, 60_000, 4_000]),
    helloTimeoutMs: 3_000,
    confirmWithinMs: 3_000,
    handlerTimeoutMs: 400,
    limits: { messageSize: 10_000, window, buffer },
    sessionsPerUser: oneOf(['many', 'newest'] as const),
  };
  const log = keptLog();
  const store = durable ? null : memory();
  let life = mortal(host);
  let server: SessionServer;
  const dying: (() => void)[] = [];
  const startServer = (): void => {
    const mine = mortal(host);
    life = mine;
    const db = durable ? new DatabaseSync(file) : null;
    const inner = db === null ? (store ?? memory()) : sqlite(file, { driver: db });
    const made = new SessionServer({
      ...options,
      logger: log.logger,
      host: mine.host,
      store: slowStore(inner, mine, {
        delayMs: () => (storeDelayMs === 0 ? 0 : upTo(storeDelayMs)),
        isFailing: () => isFailing,
        written: (turns) => {
          for (const { part } of turns)
            for (const { item } of part?.body.entries ?? [])
              if (item.kind === 'message') written.add((JSON.parse(item.payload) as Payload).n);
        },
      }),
      authenticate: async ({ authParams }) => {
        await new Promise<void>((resolve) => mine.host.clock.setTimeout(resolve, authenticatesInMs));
        if (authParams.password !== 'right') return false;
        return expires ? { expiresAt: host.clock.wall() + 8_000 } : undefined;
      },
    });
    made.on('session', (session) => {
      if (mine.isAlive) equip(session as LiveSession, 'down', mine);
    });
    made.on('ended', (session, { reason, unconfirmed }) => {
      if (!mine.isAlive) return;
      tell(`server: ${session.user.name}'s session ended: ${reason}, ${unconfirmed.length} unconfirmed`);
      for (const message of unconfirmed) if (message.kind === 'message') ledger.handedBack(message);
    });
    made.on('handedBack', (_, message) => mine.isAlive && message.kind === 'message' && ledger.handedBack(message));
    network.serve((socket, request) => made.accept(socket, request));
    server = made;
    // As listening does: the store is opened, and what it kept waits for its clients.
    void made.users.list();
    dying.push(() => {
      mine.die();
      db?.close();
    });
  };
  const written = new Set<number>();
  /**
   * A server may die after a sign-in was written and before it said so: for whom it sends until the sign-in has come again, the client is not told.
   */
  const isUntold = durable && isOn.has('crash') && isOn.has('sign in');
  const isOpen = ({ status, answer, handedBack }: Sent): boolean =>
    answer === null && (status === null || (status === 'unknown' && handedBack === null));
  /** What its process took with it. */
  const mourn = (): void => {
    mayRepeat ||= durable;
    for (const [n, sent] of ledger.all().entries())
      if (durable && sent.direction === 'down' && sent.fate === 'known' && isOpen(sent))
        sent.fate = written.has(n) ? 'died' : 'died unwritten';
  };

  // --- The clients ---

  const open = (name: string) => {
    const client = new SessionClient(
      { helloTimeoutMs: 2_000, connectTimeoutMs: 1_500, window, buffer, handlerTimeoutMs: 400, endDeadlineMs: 2_000 },
      host,
      ninelivesTransport({ openSocket: network.open, host }),
    );
    client.on('handlerFailed', () => undefined);
    for (const event of ['active', 'lost', 'resumed', 'gap', 'ended', 'identity'] as const)
      client.on(event, (what: object) =>
        tell(`${name}: ${event} ${'error' in what && what.error instanceof Error ? what.error.message : ''}`),
      );
    client.on('lost', ({ error }) => {
      lost += 1;
      if (brokenRules.has(error.code)) problems.push(`${name} was lost: ${error.message}`);
    });
    client.on('resumed', () => {
      resumed += 1;
    });
    client.on('gap', ({ unconfirmed }) => {
      gaps += 1;
      for (const message of unconfirmed) if (message.kind === 'message') ledger.handedBack(message);
    });
    client.on('ended', ({ reason, unconfirmed }) => {
      tell(`${name}: ended: ${reason}, ${unconfirmed.length} unconfirmed`);
      if (reason === 'denied' && !expires) problems.push(`${name} was denied`);
      for (const message of unconfirmed) if (message.kind === 'message') ledger.handedBack(message);
    });
    client.on('handedBack', (message) => message.kind === 'message' && ledger.handedBack(message));
    const start = async (): Promise<void> => {
      const authParams = expires ? async () => right : undefined;
      const result = await client.startSession({ username: name, ...(authParams === undefined ? {} : { authParams }), deadlineMs: 60_000 });
      if (result.succeeded) equip(result.session as ClientSession, 'up', null);
    };
    return { name, client, start };
  };
  const clients = random() < 0.3 ? [open('jane'), open('mary')] : [open('jane')];

  const cut = (told: readonly Side[]): void => {
    const keeps = random() < 0.5;
    tell(`cut, told: ${told.join(' and ')}${keeps ? ', what is under way arrives' : ''}`);
    network.cut(told, keeps);
  };
  const stopServer = async (how: 'restart' | 'drain' | 'crash'): Promise<void> => {
    tell(how);
    const former = server;
    const end = dying.pop() as () => void;
    if (how === 'crash') {
      mourn();
      network.serve(null);
      end();
      network.cut(['client'], false);
    } else {
      const closed = how === 'drain' ? former.drain({ withinMs: 2_000 }) : former.close();
      await host.advance(15_000);
      await closed;
      mourn();
      end();
      network.cut(['client'], true);
    }
    if (random() < 0.5) {
      network.serve(null);
      await host.advance(upTo(3_000));
    }
    startServer();
  };

  const events: Readonly<Record<Kind, () => void | Promise<void>>> = {
    send: () => {
      const { client } = oneOf(clients);
      const count = 1 + upTo(random() < 0.2 ? 30 : 4);
      const both = random();
      if (client.session !== null && both < 0.7) for (let index = 0; index < count; index += 1) send(client.session, 'up');
      if (both > 0.3) for (const session of server.keeper.live.all()) for (let index = 0; index < count; index += 1) send(session, 'down');
    },
    request: () => {
      const { client } = oneOf(clients);
      if (client.session !== null && random() < 0.7) void ask(client.session, 'up', oneOf(manners));
      for (const session of server.keeper.live.all()) if (random() < 0.5) void ask(session, 'down', oneOf(manners));
    },
    cut: () => cut(['client', 'server']),
    'half cut': () => cut([oneOf(['client', 'server'] as const)]),
    stall: async () => {
      const direction = oneOf(['up', 'down'] as const);
      tell(`stall ${direction}`);
      network.stall(direction);
      if (random() < 0.3) network.stall(direction === 'up' ? 'down' : 'up');
      await host.advance(upTo(5_000));
      tell('release');
      network.release();
    },
    delay: () => {
      network.delayMs = oneOf([1, 10, 50, 200]);
    },
    storm: async () => {
      for (let left = 1 + upTo(7); left > 0; left -= 1) {
        cut(oneOf([['client', 'server'], ['client'], ['server']] as const));
        await host.advance(upTo(6 * network.delayMs + 20));
      }
    },
    end: async () => {
      const { client, name } = oneOf(clients);
      tell(`${name} ends`);
      const ending = client.endSession();
      await host.advance(upTo(3_000));
      void ending;
    },
    'end by server': () => {
      const [session] = server.keeper.live.all();
      tell('the server ends a session');
      session?.end();
    },
    revoke: () => {
      const [session] = server.keeper.live.all();
      tell('the server revokes a session');
      if (session !== undefined) void server.sessions.revoke(session.id);
    },
    'sign in': () => {
      const { client } = oneOf(clients);
      const { session } = client;
      if (session === null || signingIn.has(session)) return;
      const former = session.user.name;
      const username = oneOf(['anne', 'beth', 'cleo']);
      const password = random() < 0.8 ? 'right' : 'wrong';
      const pending: number[] = [];
      signingIn.set(session, pending);
      tell(`${former} signs in as ${username}, ${password}`);
      void session.signIn({ username, authParams: { password } }).then((result) => {
        signingIn.delete(session);
        tell(`signed in: ${result.succeeded ? result.user.name : result.error.code}`);
        // A renewal that is under way comes first, and what is sent meanwhile before the sign-in.
        const user = result.succeeded ? (expires ? null : username) : result.error.code === 'AccessDeniedError' ? former : null;
        for (const n of pending) ledger.of(n).user = user;
      });
    },
    renew: () => {
      const { client } = oneOf(clients);
      if (expires) void client.session?.renew();
    },
    restart: () => stopServer('restart'),
    crash: () => stopServer('crash'),
    drain: () => stopServer('drain'),
    sleep: () => host.sleep(upTo(20_000)),
    'long wait': () => host.advance(upTo(30_000)),
    'store fails': async () => {
      tell('the store fails');
      isFailing = true;
      for (let left = upTo(4); left > 0; left -= 1) {
        if (random() < 0.5) cut(['client', 'server']);
        await host.advance(upTo(400));
      }
      tell('the store writes again');
      isFailing = false;
    },
    'step date': () => host.stepWall(oneOf([-1, 1]) * 3_600_000),
  };

  const on = [...isOn];
  const total = on.reduce((sum, kind) => sum + weights[kind], 0);
  const next = (): Kind => {
    let left = random() * total;
    for (const kind of on) {
      left -= weights[kind];
      if (left <= 0) return kind;
    }
    return 'send';
  };

  tell(`${[...isOn].join(', ')}; ${durable ? 'sqlite' : 'memory'}${expires ? ', authentications end' : ''}`);
  startServer();
  try {
    for (let step = 0; step < steps; step += 1) {
      for (const { client, start } of clients) {
        const { status } = client.getSnapshot();
        if (status === 'idle' || status === 'ended') void start();
      }
      await events[next()]();
      await host.advance(random() < 0.3 ? 0 : upTo(random() < 0.5 ? 40 : 500));
    }
    tell('calm');
    network.release();
    network.delayMs = 5;
    for (let seconds = 0; seconds < 150; seconds += 10) await host.advance(10_000);
    // biome-ignore lint/style/noNonNullAssertion: it was started above.
    const last = server!;
    const statuses = clients.map(({ client, name }) => `${name} ${client.getSnapshot().status}`);
    for (const status of statuses) if (!/ (active|idle|ended)$/.test(status)) problems.push(`in the calm: ${status}`);
    for (const { client } of clients) void client.endSession();
    await host.advance(30_000);
    const closed = last.close();
    await host.advance(30_000);
    await closed;
    mourn();
    for (const { client, name } of clients) {
      const { status } = client.getSnapshot();
      if (status !== 'idle' && status !== 'ended') problems.push(`${name} is ${status} at the end`);
    }
    if (life.timers > 0) problems.push(`${life.timers} timers of the server are left`);
    if (host.pendingTimers > life.timers) problems.push(`${host.pendingTimers - life.timers} other timers are left`);
    if (host.hintListeners > 0) problems.push('somebody listens for hints');
    for (const { message, fields } of log.lines)
      if (brokenRules.has(String(fields.code))) problems.push(`log: ${message} ${String(fields.detail)}`);
    for (const { level, message, fields } of log.lines)
      if (level === 'error' && !/handler failed|passed over|the store (failed|does not write)|could not be written/.test(message))
        problems.push(`log: ${message} ${String(fields.err ?? '')}`);
    return { problems: [...problems, ...ledger.judge(mayRepeat)], story, messages: ledger.next, lost, resumed, gaps };
  } finally {
    for (const end of dying) end();
    if (durable) await Promise.all(['', '-wal', '-shm'].map((part) => rm(file + part, { force: true })));
  }
};
