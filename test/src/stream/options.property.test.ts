/** Messages with every option, both ways, over a link that is cut at any moment: what each one's `confirmed` says is what became of it. */
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import type { OutboundData } from '../../../machines/stream/packets.js';
import type { SendOptions } from '../../../src/stream/send-options.js';
import type { Confirmation } from '../../../src/stream/sent.js';
import { arriving, defaults, type Side, sideOf } from './support.js';

const test = suite('messages with options');

/** How long a handler takes, in milliseconds; 0: it is done at once. */
const handlerMs = [0, 0, 30] as const;

interface Said {
  readonly options: SendOptions;
  readonly at: number;
  readonly status: Promise<Confirmation['status']>;
}

interface Heard {
  readonly index: number;
  readonly at: number;
}

const world = () => {
  const host = virtualHost({ seed: 1 });
  let link = 0;
  let isUp = true;
  const settings = { ...defaults, clock: host.clock, buffer: { messages: 8, size: 400 } };
  const terms = { peerWindow: { messages: 3, size: 1_000 }, volatile: true };
  const to = (other: () => Side) => (packets: readonly OutboundData[]) => {
    const there = arriving(packets);
    const over = link;
    host.clock.macrotask(() => {
      if (isUp && over === link) other().conversation.received(there);
    });
  };
  const up: Side = sideOf(
    'up',
    { ...settings, ownWindow: terms.peerWindow },
    to(() => down),
    terms,
  );
  const down: Side = sideOf(
    'down',
    { ...settings, ownWindow: terms.peerWindow },
    to(() => up),
    terms,
  );
  const said = new Map<Side, Said[]>([up, down].map((side) => [side, []]));
  const heard = new Map<Side, Heard[]>([up, down].map((side) => [side, []]));
  for (const [side, other] of [
    [up, down],
    [down, up],
  ] as const) {
    other.conversation.registry.messages.on('m', async (index) => {
      heard.get(side)?.push({ index: index as number, at: host.clock.now() });
      const ms = handlerMs[(index as number) % handlerMs.length] as number;
      if (ms > 0) await new Promise<void>((resolve) => void host.clock.setTimeout(resolve, ms));
    });
    side.conversation.release();
  }
  return {
    host,
    sides: [up, down] as const,
    said,
    heard,
    send: (side: Side, options: SendOptions): void => {
      const all = said.get(side) as Said[];
      const sent = side.conversation.send('m', all.length, options);
      if (!sent.accepted) return assert.is(sent.error.code, 'BufferFullError');
      all.push({ options, at: host.clock.now(), status: sent.confirmed.then(({ status }) => status) });
    },
    cut: (): void => {
      if (!isUp) return;
      isUp = false;
      link += 1;
      for (const { conversation } of [up, down]) conversation.stop();
    },
    back: (): void => {
      if (isUp) return;
      isUp = true;
      const own = { up: up.conversation.positions(), down: down.conversation.positions() };
      assert.is(down.conversation.mismatch({ ...own.up, incarnation: 1 }), null);
      down.conversation.resume(own.down, { ...own.up, incarnation: 1 }, false);
      assert.is(up.conversation.mismatch({ ...own.down, incarnation: 1 }), null);
      up.conversation.resume(own.up, { ...own.down, incarnation: 1 }, false);
    },
  };
};

const options: fc.Arbitrary<SendOptions> = fc.oneof(
  fc.constant({}),
  fc.constantFrom(0, 5, 40, 200).map((ttlMs) => ({ ttlMs })),
  fc.constantFrom('a', 'b').map((replaceKey) => ({ replaceKey })),
  fc.record({ ttlMs: fc.constantFrom(5, 40), replaceKey: fc.constantFrom('a', 'b') }),
  fc.constant({ volatile: true }),
);

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), side: fc.constantFrom(0 as const, 1 as const), options }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 1, 10, 60) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('back' as const) }) },
);

test('are each handled once and in order, or were expired or replaced as their sender was told, and volatile ones never come twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const { host, sides, said, heard, send, cut, back } = world();
      for (const one of steps) {
        if (one.kind === 'send') send(sides[one.side], one.options);
        else if (one.kind === 'wait') await host.advance(one.ms);
        else if (one.kind === 'cut') cut();
        else back();
      }
      back();
      await host.advance(5_000);
      const [up, down] = sides;
      for (const [side, other] of [
        [up, down],
        [down, up],
      ] as const) {
        assert.equal(
          other.noted.filter(([name]) => name !== 'full'),
          [],
        );
        const all = said.get(side) as Said[];
        const statuses = await Promise.all(all.map(({ status }) => status));
        const arrived = heard.get(side) as Heard[];
        const numbered = arrived.filter(({ index }) => all[index]?.options.volatile !== true).map(({ index }) => index);
        assert.equal(
          numbered,
          statuses.flatMap((status, index) => (status === 'handled' ? [index] : [])),
          'handled once and in order, and nothing else',
        );
        const volatile = arrived.filter(({ index }) => all[index]?.options.volatile === true).map(({ index }) => index);
        assert.is(new Set(volatile).size, volatile.length, 'a volatile one comes once at most');
        for (const [index, { options: how, at }] of all.entries()) {
          const status = statuses[index];
          if (how.volatile === true) assert.is(status, 'unknown');
          else assert.not(status === 'unknown', 'whatever the link did');
          if (status === 'expired') assert.ok(how.ttlMs !== undefined);
          if (status === 'replaced')
            assert.ok(all.slice(index + 1).some(({ options: later }) => later.replaceKey === how.replaceKey && later.volatile !== true));
          const came = arrived.find((one) => one.index === index);
          // A whole millisecond may be left of a part of one.
          if (how.ttlMs !== undefined && came !== undefined) assert.ok(came.at <= at + how.ttlMs + 1, 'never handled late');
        }
        assert.is(other.conversation.positions().received, side.conversation.positions().last, 'no number is missing');
        assert.is(side.conversation.unconfirmedCount, 0);
      }
      for (const { conversation } of sides) conversation.close('SessionEndedError');
      assert.is(host.pendingTimers, 0);
    }),
    { numRuns: 150 },
  );
});

test.run();
