/** One life of a few clients and their server, in virtual time. What happens is drawn from a seed, and the same seed gives the same life again. */
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { SessionClient } from '../../../src/client/client.js';
import type { ClientSession } from '../../../src/client/session.js';
import { fateOf, type Kind } from './fate.js';
import { houseOf } from './house.js';
import { Ledger } from './ledger.js';
import { type Side, simulatedNetwork } from './network.js';
import { talkOf } from './talk.js';

export interface Outcome {
  readonly problems: readonly string[];
  /** What happened, in order. */
  readonly story: readonly string[];
  readonly messages: number;
  readonly lost: number;
  readonly resumed: number;
  readonly gaps: number;
}

/** Between two sides that keep the rules nobody breaks one. */
const brokenRules: ReadonlySet<string> = new Set(['ProtocolError', 'MessageTooLargeError', 'InvalidTextError', 'SlowConsumerError']);

/** Events in a life. */
const steps = 45;
/** How long all is well at the end, in milliseconds: longer than any wait. */
const calmMs = 150_000;
const right = { password: 'right' };

export const live = async (seed: number): Promise<Outcome> => {
  const fate = fateOf(seed);
  const { random, upTo, oneOf, isOn, durable, expires, window, buffer } = fate;
  const host = virtualHost({ seed: seed + 1 });
  const network = simulatedNetwork(host);
  const ledger = new Ledger();
  const story: string[] = [];
  const problems: string[] = [];
  const tell = (what: string): void => void story.push(`${(host.clock.now() / 1_000).toFixed(3)} ${what}`);
  const talk = talkOf(fate, host, ledger);
  const house = houseOf({ fate, host, network, ledger, talk, tell, seed });
  let lost = 0;
  let resumed = 0;
  let gaps = 0;

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
      talk.handedBack(unconfirmed);
    });
    client.on('ended', ({ reason, unconfirmed }) => {
      tell(`${name}: ended: ${reason}, ${unconfirmed.length} unconfirmed`);
      if (reason === 'denied' && !expires) problems.push(`${name} was denied`);
      talk.handedBack(unconfirmed);
    });
    client.on('handedBack', (message) => talk.handedBack([message]));
    const start = async (): Promise<void> => {
      const authParams = expires ? async () => right : undefined;
      const result = await client.startSession({ username: name, ...(authParams === undefined ? {} : { authParams }), deadlineMs: 60_000 });
      if (result.succeeded) talk.equip(result.session as ClientSession, 'up', null);
    };
    return { name, client, start };
  };
  const clients = random() < 0.3 ? [open('jane'), open('mary')] : [open('jane')];

  const cut = (told: readonly Side[]): void => {
    const keeps = random() < 0.5;
    tell(`cut, told: ${told.join(' and ')}${keeps ? ', what is under way arrives' : ''}`);
    network.cut(told, keeps);
  };
  const events: Readonly<Record<Kind, () => void | Promise<void>>> = {
    send: () => {
      const { client } = oneOf(clients);
      const count = 1 + upTo(random() < 0.2 ? 30 : 4);
      const both = random();
      if (client.session !== null && both < 0.7) for (let index = 0; index < count; index += 1) talk.send(client.session, 'up');
      if (both > 0.3)
        for (const session of house.server.keeper.live.all()) for (let index = 0; index < count; index += 1) talk.send(session, 'down');
    },
    request: () => {
      const { client } = oneOf(clients);
      if (client.session !== null && random() < 0.7) talk.ask(client.session, 'up');
      for (const session of house.server.keeper.live.all()) if (random() < 0.5) talk.ask(session, 'down');
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
      const [session] = house.server.keeper.live.all();
      tell('the server ends a session');
      session?.end();
    },
    revoke: () => {
      const [session] = house.server.keeper.live.all();
      tell('the server revokes a session');
      if (session !== undefined) void house.server.sessions.revoke(session.id);
    },
    'sign in': () => {
      const { client } = oneOf(clients);
      const { session } = client;
      if (session !== null) talk.signIn(session, tell);
    },
    renew: () => {
      const { client } = oneOf(clients);
      if (expires) void client.session?.renew();
    },
    restart: () => house.stop('restart'),
    crash: () => house.stop('crash'),
    drain: () => house.stop('drain'),
    sleep: () => host.sleep(upTo(20_000)),
    'long wait': () => host.advance(upTo(30_000)),
    'store fails': async () => {
      tell('the store fails');
      house.isFailing = true;
      for (let left = upTo(4); left > 0; left -= 1) {
        if (random() < 0.5) cut(['client', 'server']);
        await host.advance(upTo(400));
      }
      tell('the store writes again');
      house.isFailing = false;
    },
    'step date': () => host.stepWall(oneOf([-1, 1]) * 3_600_000),
  };

  tell(`${[...isOn].join(', ')}; ${durable ? 'sqlite' : 'memory'}${expires ? ', authentications end' : ''}`);
  try {
    for (let step = 0; step < steps; step += 1) {
      for (const { client, start } of clients) {
        const { status } = client.getSnapshot();
        if (status === 'idle' || status === 'ended') void start();
      }
      await events[fate.next()]();
      await host.advance(random() < 0.3 ? 0 : upTo(random() < 0.5 ? 40 : 500));
    }
    tell('calm');
    network.release();
    network.delayMs = 5;
    await host.advance(calmMs);
    const statuses = clients.map(({ client, name }) => `${name} ${client.getSnapshot().status}`);
    for (const status of statuses) if (!/ (active|idle|ended)$/.test(status)) problems.push(`in the calm: ${status}`);
    for (const { client } of clients) void client.endSession();
    await host.advance(30_000);
    await house.close();
    for (const { client, name } of clients) {
      const { status } = client.getSnapshot();
      if (status !== 'idle' && status !== 'ended') problems.push(`${name} is ${status} at the end`);
    }
    if (house.timers > 0) problems.push(`${house.timers} timers of the server are left`);
    if (host.pendingTimers > house.timers) problems.push(`${host.pendingTimers - house.timers} other timers are left`);
    if (host.hintListeners > 0) problems.push('somebody listens for hints');
    for (const { message, fields } of house.log.lines)
      if (brokenRules.has(String(fields.code))) problems.push(`log: ${message} ${String(fields.detail)}`);
    for (const { level, message, fields } of house.log.lines)
      if (level === 'error' && !/handler failed|passed over|the store (failed|does not write)|could not be written/.test(message))
        problems.push(`log: ${message} ${String(fields.err ?? '')}`);
    return { problems: [...problems, ...ledger.judge(house.mayRepeat)], story, messages: ledger.next, lost, resumed, gaps };
  } finally {
    await house.remove();
  }
};
