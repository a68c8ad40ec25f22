/** What a conversation holds at most: answers, running requests, waiting requests, and messages of any size. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeHost } from '../../../adapters/hosts/node.js';
import type { InboundPacket, StreamWindow } from '../../../machines/stream/packets.js';
import { lengthOf } from '../../../machines/stream/queue.js';
import { Conversation } from '../../../src/stream/conversation.js';
import { Registry } from '../../../src/stream/registry.js';
import type { RequestResult } from '../../../src/stream/requests.js';
import { termsOf } from '../../../src/stream/terms.js';
import { decodeClientBatch } from '../../../src/wire/decode.js';
import { encodeBatch } from '../../../src/wire/encode.js';
import type { ClientFrame } from '../../../src/wire/frames.js';
import { jane } from '../../support/ninelives-bench.js';

const bounds = suite('the bounds of a conversation');

interface Room {
  readonly window?: StreamWindow;
  readonly buffer?: StreamWindow;
  readonly messageSizeMax?: number;
}

/** What happened to one side. */
interface Seen {
  readonly told: string[];
  readonly failed: unknown[];
}

const { clock } = nodeHost();
const usual = { messages: 1_024, size: 1_048_576 };
const roomy = { messages: 10_000, size: 16_777_216 };

const sideOf = (direction: 'up' | 'down', registry: Registry, seen: Seen, room: Room, peer: Room, write: (text: string) => void) => {
  const side = new Conversation(
    {
      direction,
      write: (packets) => write(encodeBatch(packets)),
      peerEnded: () => seen.told.push('peerEnded'),
      complete: () => seen.told.push('complete'),
      violated: ({ message }) => seen.told.push(message),
      tooSlow: () => seen.told.push('tooSlow'),
      reports: {
        unhandled: () => undefined,
        handedBack: () => undefined,
        handlerFailed: ({ error }) => seen.failed.push(error),
        handlerSlow: () => undefined,
        requestFailed: ({ error }) => seen.failed.push(error),
      },
    },
    registry,
    termsOf(
      { clock, ownWindow: room.window ?? usual, buffer: room.buffer ?? usual, handlerTimeoutMs: 30_000 },
      { peerWindow: peer.window ?? usual, messageSizeMax: room.messageSizeMax ?? 262_144, ackDelayMs: 1 },
    ),
    { sessionId: 's', user: jane },
  );
  side.release();
  return side;
};

const isPacket = (frame: ClientFrame): frame is Extract<ClientFrame, InboundPacket> =>
  !['hello', 'start', 'confirm', 'bye', 'ping', 'pong'].includes(frame.kind);

const arrive = (side: Conversation, text: string): void => {
  const batch = decodeClientBatch(text);
  assert.ok(batch.ok);
  if (batch.ok) side.received(batch.frames.filter(isPacket));
};

interface Pair {
  readonly asker: Conversation;
  readonly answerer: Conversation;
  readonly asking: Seen & { readonly registry: Registry };
  readonly answering: Seen & { readonly registry: Registry };
}

/** Two sides in one process; what is written arrives a microtask later, and nothing does once the test is over. */
const withTwo =
  (rooms: { readonly asker?: Room; readonly answerer?: Room }, run: (pair: Pair) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const asking = { told: [], failed: [], registry: new Registry() };
    const answering = { told: [], failed: [], registry: new Registry() };
    const { asker: own = {}, answerer: other = {} } = rooms;
    const asker: Conversation = sideOf('up', asking.registry, asking, own, other, (text) => queueMicrotask(() => arrive(answerer, text)));
    const answerer: Conversation = sideOf('down', answering.registry, answering, other, own, (text) =>
      queueMicrotask(() => arrive(asker, text)),
    );
    try {
      await run({ asker, answerer, asking, answering });
    } finally {
      asker.close('SessionEndedError');
      answerer.close('SessionEndedError');
    }
  };

const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
};

const ask = (side: Conversation, type: string, payload: unknown): Promise<RequestResult<unknown>> =>
  side.request(type, payload, 30_000, undefined);
const codesOf = (results: readonly RequestResult<unknown>[]) => results.map(({ error }) => error?.code ?? 'none');

/** Past the bound of answers for a buffer of ten, four for each of 1,024 handlers, whatever that bound counts. */
const waves = 12;
const wave = 500;

bounds(
  'a handler may await more requests than answers may be kept: they are let go of as they are received, while it stands still',
  withTwo({ answerer: { buffer: { messages: 10, size: 300_000 } } }, async ({ asker, answerer, asking, answering }) => {
    answering.registry.requests.on('double', (n) => (n as number) * 2);
    const kept: number[] = [];
    asking.registry.messages.on('go', async () => {
      for (let round = 0; round < waves; round += 1) {
        const results = await Promise.all(Array.from({ length: wave }, (_, n) => ask(asker, 'double', n)));
        assert.ok(results.every((result, n) => result.succeeded && result.reply === n * 2));
        kept.push(lengthOf(answerer.runner.state.answers));
      }
    });
    assert.ok(waves * wave > answerer.runner.state.limits.answers.messages);
    const sent = answerer.send('go', null);
    assert.ok(sent.accepted);
    assert.equal(await sent.confirmed, { status: 'handled' });
    assert.equal([asking.failed, asking.told, answering.told], [[], [], []]);
    assert.is(kept.length, waves);
    assert.ok(Math.max(...kept) <= 2 * wave, `${kept}`);
  }),
);

bounds(
  'a reply for which there is no room costs its asker that reply, and not the session',
  withTwo({ answerer: { buffer: { messages: 10, size: 1_000 }, messageSizeMax: 1_000 } }, async ({ asker, answering }) => {
    answering.registry.requests.on('text', (length) => 'x'.repeat((length as number) - 2));
    const results = await Promise.all([600, 600, 400].map((length) => ask(asker, 'text', length)));
    assert.equal(codesOf(results), ['none', 'RequestFailedError', 'none']);
    assert.equal(
      answering.failed.map((error) => (error as { code: string }).code),
      ['BufferFullError'],
    );
    assert.ok((await ask(asker, 'text', 1_000)).succeeded, 'there is room again once they are received');
    assert.equal(answering.told, []);
  }),
);

bounds(
  'a reply may be as long as the other side takes, however small the own buffer',
  withTwo({ answerer: { buffer: { messages: 10, size: 100 } } }, async ({ asker, answering }) => {
    answering.registry.requests.on('text', (length) => 'x'.repeat((length as number) - 2));
    assert.ok((await ask(asker, 'text', 262_144)).succeeded);
  }),
);

bounds(
  'requests run side by side up to a bound, and those past it are refused at once: who waits might be what they wait for',
  withTwo({ asker: { buffer: roomy } }, async ({ asker, answering }) => {
    const { open, opened } = gate();
    answering.registry.requests.on('wait', () => opened);
    const waiting = Array.from({ length: 1_024 }, () => ask(asker, 'wait', null));
    const refused = await ask(asker, 'wait', null);
    assert.is(refused.error?.code, 'RequestFailedError');
    assert.match(refused.error?.message ?? '', /Too many requests at once: 1024 are being handled/);
    open();
    assert.ok((await Promise.all(waiting)).every(({ succeeded }) => succeeded));
    assert.ok((await ask(asker, 'wait', null)).succeeded);
    assert.equal(answering.failed, [], 'no handler failed');
  }),
);

bounds(
  'a larger window lets as many requests run',
  withTwo({ asker: { buffer: roomy }, answerer: { window: { messages: 1_100, size: 1_048_576 } } }, async ({ asker, answering }) => {
    const { open, opened } = gate();
    answering.registry.requests.on('wait', () => opened);
    const waiting = Array.from({ length: 1_100 }, () => ask(asker, 'wait', null));
    assert.is((await ask(asker, 'wait', null)).error?.code, 'RequestFailedError');
    open();
    assert.ok((await Promise.all(waiting)).every(({ succeeded }) => succeeded));
  }),
);

bounds(
  'no more requests wait for their answers than the buffer has messages, although those that were started have left it',
  withTwo({ asker: { buffer: { messages: 2, size: 300_000 } } }, async ({ asker, answering }) => {
    const { open, opened } = gate();
    const started = gate();
    let count = 0;
    answering.registry.requests.on('wait', () => {
      count += 1;
      if (count === 2) started.open();
      return opened;
    });
    const waiting = [ask(asker, 'wait', 1), ask(asker, 'wait', 2)];
    await started.opened;
    while (asker.unconfirmedCount > 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = await ask(asker, 'wait', 3);
    assert.equal([refused.error?.code, refused.maybeHandled], ['BufferFullError', false]);
    assert.ok(asker.send('chat', null).accepted, 'a message has room');
    open();
    assert.ok((await Promise.all(waiting)).every(({ succeeded }) => succeeded));
    assert.ok((await ask(asker, 'wait', 3)).succeeded);
  }),
);

bounds(
  'a message that is longer than the whole window goes alone, and is taken',
  withTwo({ answerer: { window: { messages: 1, size: 1 } } }, async ({ asker, answering }) => {
    answering.registry.messages.on('long', () => undefined);
    const type = 'long';
    const all = Array.from({ length: 3 }, () => asker.send(type, 'x'.repeat(262_142)));
    for (const sent of all) {
      assert.ok(sent.accepted);
      assert.equal(await sent.confirmed, { status: 'handled' });
    }
    assert.equal(answering.told, []);
  }),
);

bounds(
  'a message that the buffer could never hold is too large, and not a matter of waiting',
  withTwo({ asker: { buffer: { messages: 5, size: 100 } } }, async ({ asker }) => {
    assert.is(asker.send('text', 'x'.repeat(99)).error?.code, 'MessageTooLargeError');
    assert.is(asker.sendItem({ kind: 'message', type: 'text', payload: `"${'x'.repeat(99)}"` }).error?.code, 'MessageTooLargeError');
    assert.is((await ask(asker, 'text', 'x'.repeat(99))).error?.code, 'MessageTooLargeError');
    assert.ok(asker.send('text', 'x'.repeat(98)).accepted);
  }),
);

const request: InboundPacket = { kind: 'request', type: 'nobody', payload: null, timeoutMs: 1_000, size: 10 };

bounds(
  'a peer that acknowledges nothing is too slow: told once, nothing is written after it, and what is kept stays within its bound',
  async () => {
    const seen: Seen = { told: [], failed: [] };
    let written = 0;
    const side = sideOf('down', new Registry(), seen, { buffer: { messages: 10, size: 300_000 } }, {}, (text) => {
      assert.equal(seen.told, [], 'nothing is written to who is given up');
      for (const [tag] of JSON.parse(text) as readonly (readonly [string])[]) if (tag === 'x') written += 1;
    });
    const max = side.runner.state.limits.answers.messages;
    for (let round = 0; round < 200; round += 1) {
      side.received(Array.from({ length: 100 }, () => request));
      await Promise.resolve();
    }
    assert.equal(seen.told, ['tooSlow']);
    const { answers, prompt } = side.runner.state;
    assert.is(lengthOf(answers) + lengthOf(prompt), max);
    assert.is(written, lengthOf(answers));
    side.close('SlowConsumerError');
  },
);

const message: InboundPacket = { kind: 'message', type: 'wait', payload: null, size: 10 };

bounds('a peer is given up for the exceptions that it leaves unseen, but not once its link is gone: there is nobody to tell', async () => {
  for (const isGone of [false, true]) {
    const seen: Seen = { told: [], failed: [] };
    const registry = new Registry();
    const { open, opened } = gate();
    const side = sideOf('down', registry, seen, { window: { messages: 1, size: 100 } }, {}, () => undefined);
    for (let number = 1; number <= side.runner.state.limits.exceptionsMax; number += 1) side.received([message]);
    registry.messages.on('wait', () => opened.then(() => Promise.reject(new Error('failed'))));
    side.received([message]);
    if (isGone) side.stop();
    open();
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(seen.failed.length, 1);
    assert.equal(seen.told, isGone ? [] : ['tooSlow']);
    side.close('SessionEndedError');
  }
});

bounds.run();
