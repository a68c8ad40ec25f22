/** Many random lives of an app: what they find, and what a failed one says. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Client } from '../../../src/client/api.js';
import { type LivesOptions, lifeFaults, lives } from '../../../src/testing/index.js';
import { planOf, type Step, shrunk } from '../../../src/testing/lives-plan.js';

const open: LivesOptions<Client>['open'] = async (kitty, { username }) => {
  await kitty.startSession({ username });
  return kitty;
};

/** A shop that numbers its orders. `take`: what its server does with each, given those that it has. */
const shopOf = (take: (orders: number[], order: number, redelivered: boolean) => void) => {
  let number = 0;
  let current: number[] = [];
  const options: LivesOptions<Client> = {
    world: () => {
      number = 0;
      current = [];
      return {
        client: { persist: 'tab' },
        app: (server) =>
          void server.on('session', (session) => {
            session.on('order', (n, { redelivered }) => take(current, n, redelivered));
          }),
      };
    },
    open,
    actions: {
      order: (kitty) => {
        number += 1;
        kitty.session?.send('order', number);
      },
    },
    check: () => {
      const twice = current.find((n, at) => current.indexOf(n) !== at);
      if (twice !== undefined) throw new Error(`order ${twice} was taken twice`);
    },
  };
  return { options };
};

const failed = async (options: LivesOptions<Client>): Promise<string> => {
  try {
    await lives(options);
  } catch (error) {
    return (error as Error).message;
  }
  return 'all is well';
};

const test = suite('many lives of an app');

test('end well for an app that knows what was redelivered, with every fault in them', async () => {
  const { options } = shopOf((orders, n) => {
    if (!orders.includes(n)) orders.push(n);
  });
  const report = await lives({ ...options, seeds: 40 });
  assert.is(report.lives, 40);
  assert.ok(report.sent > 200 && report.handled > 200);
  assert.equal(Object.keys(report.faults).sort(), [...lifeFaults].sort());
});

test('find an app that takes an order twice, and say how: the seed, the fewest steps, the story, and how to see it again', async () => {
  const { options } = shopOf((orders, n) => void orders.push(n));
  const first = await failed({ ...options, seeds: 100 });
  assert.match(first, /^Life \d+ fails: order \d+ was taken twice\n/);
  assert.match(first, /\nWith (\d+) of its 30 steps:\n {2}1\. after \d+ ms: /);
  assert.ok(Number(/With (\d+) of/.exec(first)?.[1]) <= 6);
  assert.match(first, /\n +ms {2}user1 +user2 +server\n/);
  const seed = Number(/^Life (\d+)/.exec(first)?.[1]);
  assert.match(first, `To see it again: lives({ seeds: [${seed}], ... }).`);
  assert.is(await failed({ ...options, seeds: [seed] }), first);
});

test('find what is lost where nobody handles it in time, whatever `check` looks at', async () => {
  const { options } = shopOf(() => undefined);
  const mute: LivesOptions<Client> = {
    ...options,
    seeds: 1,
    world: { app: (server) => void server.on('session', (session) => void session.on('order', () => new Promise(() => undefined))) },
    check: () => undefined,
    faults: [],
  };
  // The first of them runs for ever, and those behind it wait.
  assert.match(await failed(mute), /^Life 1 fails: Of \d+ messages that were sent:\n {2}\d+ neither handled nor handed back/);
});

test('are refused where they show nothing, or nothing that there is', async () => {
  assert.match(await failed({ open, actions: {} }), 'nobody can do anything');
  assert.match(await failed({ open, actions: { idle: () => undefined }, seeds: 2 }), 'no message was sent in 2 lives');
  assert.match(
    await failed({ open, actions: { idle: () => undefined }, faults: ['flood' as 'cut'] }),
    "a fault is one of 'cut', 'half cut'",
  );
});

test('have only the faults that are asked for', async () => {
  const { options } = shopOf((orders, n) => void orders.push(n));
  const report = await lives({ ...options, seeds: 10, steps: 20, pages: 1, faults: ['cut', 'stall'] });
  assert.equal(Object.keys(report.faults).sort(), ['cut', 'stall']);
});

test('fail where the app does, or its page', async () => {
  const { options } = shopOf(() => undefined);
  const broken: LivesOptions<Client> = {
    ...options,
    actions: {
      order: () => {
        throw new TypeError('no such button');
      },
    },
  };
  assert.match(await failed(broken), /^Life 1 fails: no such button\n\nWith 1 of its 30 steps:\n {2}1\. after \d+ ms: order by user[12]\n/);
});

test.run();

const plan = suite('the plan of a life');

const options = { steps: 200, pages: 3, actions: ['a', 'b'], faults: lifeFaults };

plan('is the same for the same seed, and another for another', () => {
  assert.equal(planOf(1, options), planOf(1, options));
  assert.not.equal(planOf(1, options), planOf(2, options));
  const { length } = planOf(3, { ...options, faults: [] }).filter(({ kind }) => kind === 'action');
  assert.is(length, 200);
});

plan('is shrunk to what fails, within its tries', async () => {
  const steps = planOf(5, options);
  const needed = new Set([steps[7], steps[93], steps[199]] as Step[]);
  let tries = 0;
  const fails = async (left: readonly Step[]): Promise<boolean> => {
    tries += 1;
    return [...needed].every((step) => left.includes(step));
  };
  assert.equal(await shrunk(steps, fails, 1_000), [...needed]);
  assert.ok(tries < 200);
  tries = 0;
  const left = await shrunk(steps, fails, 5);
  assert.is(tries, 5);
  assert.ok(await fails(left));
});

plan.run();
