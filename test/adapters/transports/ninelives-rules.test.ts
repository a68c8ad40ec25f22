/** What a link of `ninelives.v1` takes from a server and what it does not, frame by frame; and how it finds out that nobody is there. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linkEar, resumeOpening, startOpening } from '../../../adapters/contracts/transport-bench.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { type MemoryAcceptedSocket, memorySockets } from '../../../adapters/sockets/memory.js';
import { type NinelivesTransportOptions, ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import { silenceMsDefault } from '../../../machines/liveness/liveness.js';
import type { LinkOptions, Openings } from '../../../machines/ports/transport.js';
import { decodeClientBatch } from '../../../src/wire/decode-client.js';
import { encodeBatch } from '../../../src/wire/encode.js';
import type { ClientFrame, OutboundFrame } from '../../../src/wire/frames.js';
import { welcomeFields } from '../../support/ninelives-bench.js';

interface Options extends Partial<Openings>, Partial<LinkOptions> {
  readonly helloIn?: NinelivesTransportOptions['helloIn'];
}

/** A link, and the server's end of its socket. */
const open = async (options: Options = {}) => {
  const host = virtualHost({ seed: 1 });
  const sockets = memorySockets({ clock: host.clock });
  const ear = linkEar();
  const frames: ClientFrame[] = [];
  const closes: unknown[] = [];
  let protocols: readonly string[] = [];
  let far: MemoryAcceptedSocket | undefined;
  let isDeaf = false;
  sockets.accept((socket, request) => {
    far = socket;
    protocols = request.protocols;
    socket.listen({
      received: (data) => {
        const batch = decodeClientBatch(String(data));
        assert.ok(batch.ok, String(data));
        if (batch.ok) frames.push(...batch.frames);
        if (!isDeaf && batch.ok)
          for (const frame of batch.frames) if (frame.kind === 'ping') socket.send(encodeBatch([{ kind: 'pong', id: frame.id }]));
      },
      closed: (close) => closes.push(close),
    });
  });
  const { helloIn, ...rest } = options;
  const link = ninelivesTransport({ openSocket: sockets.open, host, helloIn }).open(
    {
      apiKey: null,
      agent: 'test',
      window: { messages: 8, size: 1_000 },
      abandoned: null,
      resume: null,
      start: async () => startOpening,
      renewal: async () => ({ authParams: startOpening.authParams ?? {}, token: startOpening.token }),
      ...rest,
    },
    ear.events,
    { connectTimeoutMs: 1_000, helloTimeoutMs: 1_000, afterFailedOpen: false, silenceMs: silenceMsDefault, ...rest },
  );
  await host.settle();
  const say = async (...said: readonly OutboundFrame[]): Promise<void> => {
    far?.send(encodeBatch(said));
    await host.settle();
  };
  return {
    host,
    link,
    ear,
    frames,
    closes,
    say,
    kinds: () => frames.map(({ kind }) => kind),
    protocols: () => protocols,
    sendRaw: async (data: string | ArrayBuffer): Promise<void> => {
      if (typeof data === 'string') far?.send(data);
      else far?.sendBinary(data);
      await host.settle();
    },
    closeFar: async (code: number): Promise<void> => {
      far?.close(code, '');
      await host.settle();
    },
    deafen: () => {
      isDeaf = true;
    },
  };
};

const welcome: OutboundFrame = { kind: 'welcome', welcome: welcomeFields() };
const message: OutboundFrame = { kind: 'message', type: 'a', payload: '1' };

const hello = suite('the hello');

hello("travels beside the protocol's name in the upgrade request", async () => {
  const { protocols, kinds } = await open();
  assert.is(protocols().length, 2);
  assert.is(protocols()[0], 'ninelives.v1');
  assert.match(protocols()[1] ?? '', /^ninelives\.hello\.[\w-]+$/);
  assert.equal(kinds(), []);
});

hello('is the first frame where it was told to be, after a connection that never opened, and where it is too long', async () => {
  const long = { ...startOpening, authParams: { text: 'x'.repeat(4_000) } };
  for (const options of [{ helloIn: 'frame' }, { afterFailedOpen: true }, { start: async () => long }] satisfies Options[]) {
    const { protocols, kinds } = await open(options);
    assert.equal(protocols(), ['ninelives.v1']);
    assert.equal(kinds(), ['hello']);
  }
});

hello('says what it has to say, and nothing of what is absent', async () => {
  const abandoned = { sessionId: 'a', tokens: [startOpening.token] };
  const guest = await open({ helloIn: 'frame', start: async () => ({ username: 'jane', token: startOpening.token }) });
  assert.equal(guest.frames[0], {
    kind: 'hello',
    hello: {
      v: 1,
      agent: 'test',
      features: ['resume', 'volatile', 'renewal', 'signIn'],
      window: { messages: 8, size: 1_000 },
      start: { username: 'jane', token: startOpening.token },
    },
  });
  const resume = await open({ helloIn: 'frame', resume: resumeOpening, abandoned, apiKey: 'key' });
  const { incarnation, ...positions } = resumeOpening.positions;
  assert.equal(resume.frames[0], {
    kind: 'hello',
    hello: {
      v: 1,
      key: 'key',
      agent: 'test',
      features: ['resume', 'volatile', 'renewal', 'signIn'],
      window: { messages: 8, size: 1_000 },
      resume: { session: 'formerly', tokens: resumeOpening.tokens, next: resumeOpening.nextToken, positions, incarnation, life: 1 },
      abandoned: { session: 'a', tokens: [startOpening.token] },
    },
  });
});

hello('that can not be written ends the link, and repeats nothing', async () => {
  const unwritable = { username: 'jane', token: startOpening.token, authParams: { pin: 1n } } as never;
  const { ear } = await open({ start: async () => unwritable });
  assert.is((await ear.failure()).code, 'ConnectionFailedError');
  const lost = await open({ resume: resumeOpening, start: async () => unwritable });
  await lost.say({ kind: 'gone' });
  assert.is((await lost.ear.failure()).code, 'InvalidAuthParamsError');
});

const verdict = suite('after the hello');

verdict('a welcome is confirmed, and the round-trip time is asked for', async () => {
  const { say, kinds, ear } = await open();
  await say(welcome);
  assert.equal(kinds(), ['confirm', 'ping']);
  assert.ok(ear.told.includes('measured'));
  assert.equal(ear.words, ['opened', 'welcomed']);
});

verdict('a welcome that the owner answers by closing leaves nothing behind', async () => {
  const world = await open();
  const { welcomed } = world.ear.events;
  Object.assign(world.ear.events, {
    welcomed: (...args: Parameters<typeof welcomed>) => {
      welcomed(...args);
      world.link.close();
    },
  });
  await world.say(welcome, message);
  assert.equal(world.ear.words, ['opened', 'welcomed']);
  assert.is(world.host.pendingTimers, 0);
});

/** What a server may not say, when; it is told why, and the link is lost. */
const breaches: readonly [string, Options, readonly (readonly OutboundFrame[])[]][] = [
  ['a second welcome', {}, [[welcome], [welcome]]],
  ['a denial after the welcome', {}, [[welcome], [{ kind: 'deny', deny: { code: 'ServerError', message: '' } }]]],
  ['data before the welcome', {}, [[message, welcome]]],
  ['an acknowledgement before the welcome', {}, [[{ kind: 'ack', received: 0, done: 0, last: 0, seen: 0, exceptions: [] }]]],
  ['gone where a start was asked for', {}, [[{ kind: 'gone' }]]],
  ['a mismatch where a start was asked for', {}, [[{ kind: 'mismatch', direction: 'up', from: 1, to: 2 }]]],
  [
    'gone after the welcome',
    { resume: resumeOpening },
    [[{ kind: 'welcome', welcome: welcomeFields({ outcome: 'resumed' }) }], [{ kind: 'gone' }]],
  ],
  ['gone twice', { resume: resumeOpening, start: () => new Promise(() => undefined) }, [[{ kind: 'gone' }], [{ kind: 'gone' }]]],
  ['a start welcomed as resumed', {}, [[{ kind: 'welcome', welcome: welcomeFields({ outcome: 'resumed' }) }]]],
  ['a resume welcomed as started', { resume: resumeOpening }, [[welcome]]],
  [
    'a welcome before the credential that gone asked for',
    { resume: resumeOpening, start: () => new Promise(() => undefined) },
    [[{ kind: 'gone' }], [welcome]],
  ],
  ['a feature that was not agreed on: renew', {}, [[welcome], [{ kind: 'renew', withinMs: 1 }]]],
  ['a feature that was not agreed on: volatile', {}, [[welcome], [{ kind: 'volatile', type: 'a', payload: '1' }]]],
  [
    'a feature that was not agreed on: identity',
    {},
    [[welcome], [{ kind: 'identity', user: welcomeFields().user, to: 1, expiresAt: null }]],
  ],
];
for (const [title, options, pieces] of breaches)
  verdict(`${title} breaks the rules: the server is told so, and the link is lost`, async () => {
    const { say, ear, frames, closes, host } = await open(options);
    for (const piece of pieces) await say(...piece);
    assert.is((await ear.failure()).code, 'ProtocolError');
    const last = frames.at(-1);
    assert.is(last?.kind === 'bye' && last.bye.code, 'ProtocolError');
    assert.is(closes.length, 1);
    assert.is(host.pendingTimers, 0);
    assert.is(ear.words.at(-1), 'lost');
  });

verdict('what is no batch of frames, or no text, breaks the rules', async () => {
  for (const data of ['', 'null', '[]', '[["nonsense"]]', '[["welcome",{}]]', Uint8Array.of(1).buffer as ArrayBuffer]) {
    const { sendRaw, ear } = await open();
    await sendRaw(data);
    assert.is((await ear.failure()).code, 'ProtocolError', String(data));
  }
});

verdict('what stands behind a breach in its piece is not told', async () => {
  const { say, ear } = await open();
  await say(welcome, message, welcome, message);
  assert.equal(ear.words, ['opened', 'welcomed', 'received', 'lost']);
});

verdict('a mismatch is answered like gone: with the credential, on the same connection', async () => {
  const { say, frames, ear } = await open({ resume: resumeOpening });
  await say({ kind: 'mismatch', direction: 'up', from: 1, to: 2 });
  assert.equal(frames.at(-1), { kind: 'start', start: startOpening });
  await say(welcome);
  assert.equal(ear.words, ['opened', 'welcomed']);
});

verdict('a denial may come while the credential is still being asked for', async () => {
  const { say, ear } = await open({ resume: resumeOpening, start: () => new Promise(() => undefined) });
  await say({ kind: 'gone' });
  await say({ kind: 'deny', deny: { code: 'HelloTimeoutError', message: 'Too late.' } });
  assert.equal(await ear.failure(), { code: 'HelloTimeoutError', message: 'Too late.', retryAfterMs: undefined, spreadMs: undefined });
});

verdict('a start that gone asked for is given the time of a hello', async () => {
  const { say, ear, host } = await open({ resume: resumeOpening });
  await host.advance(900);
  await say({ kind: 'gone' });
  await host.advance(999);
  assert.equal(ear.words, ['opened']);
  await host.advance(1);
  assert.is((await ear.failure()).code, 'HelloTimeoutError');
});

verdict('a close says by its code why, except that a normal one is no end of the session', async () => {
  for (const [code, reason] of [
    [4410, 'SessionRevokedError'],
    [4411, 'SessionSupersededError'],
    [4503, 'ServerDrainingError'],
    [1011, 'ConnectionLostError'],
    [1000, 'ConnectionLostError'],
    [4999, 'ConnectionLostError'],
  ] as const) {
    const { say, closeFar, ear } = await open();
    await say(welcome);
    await closeFar(code);
    const failure = await ear.failure();
    assert.is(failure.code, reason);
    assert.match(failure.message, `Close code ${code}`);
  }
});

verdict('a ping is answered, before the welcome too', async () => {
  const { say, frames } = await open();
  await say({ kind: 'ping', id: 7 });
  assert.equal(frames, [{ kind: 'pong', id: 7 }]);
});

const volatile = suite('volatile messages');

const agreed: OutboundFrame = { kind: 'welcome', welcome: welcomeFields({ features: ['resume', 'volatile'] }) };
const at = (payload: string) => ({ kind: 'volatile', type: 'at', payload }) as const;

volatile('that were agreed on are told in one order with the rest', async () => {
  const { say, ear } = await open();
  await say(agreed);
  await say(at('1'), message, at('2'));
  assert.equal(
    ear.told.flatMap((told) => (typeof told === 'object' && 'received' in told ? told.received.map(({ kind }) => kind) : [])),
    ['volatile', 'message', 'volatile'],
  );
});

volatile('are written where they were agreed on, as long as the socket holds little', async () => {
  for (const [first, count] of [
    [agreed, 1],
    [welcome, 0],
  ] as const) {
    const { say, link, host, frames } = await open();
    await say(first);
    link.write([at('1')]);
    await host.settle();
    // What is written in one turn waits in the socket of this test.
    link.write([{ kind: 'message', type: 'large', payload: `"${'x'.repeat(70_000)}"` }]);
    link.write([at('2')]);
    await host.settle();
    assert.is(frames.filter(({ kind }) => kind === 'volatile').length, count);
    assert.is(frames.filter(({ kind }) => kind === 'message').length, 1);
  }
});

const silence = suite('a link on which nothing comes');

silence(
  'is suspected after the rhythm that the server set and the time of an answer, probed, and lost where that is not answered',
  async () => {
    const { say, ear, host, deafen, frames } = await open();
    await say({ kind: 'welcome', welcome: welcomeFields({ pingEveryMs: 2_000 }) });
    await host.advance(1_000);
    await say(message);
    deafen();
    await host.advance(2_999);
    assert.not.ok(ear.told.includes('suspected'));
    await host.advance(1);
    assert.ok(ear.told.includes('suspected'));
    assert.is(frames.filter(({ kind }) => kind === 'ping').length, 2);
    await host.advance(1_999);
    assert.not.ok(ear.words.includes('lost'));
    await host.advance(1);
    assert.is((await ear.failure()).code, 'ConnectionSilentError');
    assert.is(host.pendingTimers, 0);
  },
);

silence('is lost within two seconds where something was written that nobody acknowledges', async () => {
  const { link, say, ear, host, deafen } = await open();
  await say(welcome);
  await host.advance(10_000);
  deafen();
  ear.progress.shipped = 1;
  link.write([{ kind: 'message', type: 'note', payload: '1' }]);
  // And the millisecond that its text takes on a slow link.
  await host.advance(2_000 + 2);
  assert.is((await ear.failure()).code, 'ConnectionSilentError');
});

silence('is lost in the time of a probe where the owner has a reason to ask, and nobody is told of a suspicion', async () => {
  const { link, say, ear, host, deafen } = await open();
  await say(welcome);
  await host.advance(10_000);
  await say(message);
  deafen();
  link.probe();
  await host.advance(1_100);
  assert.is((await ear.failure()).code, 'ConnectionSilentError');
  assert.not.ok(ear.told.includes('suspected'));
});

silence('is healthy again when anything comes', async () => {
  const { say, ear, host, deafen } = await open();
  await say({ kind: 'welcome', welcome: welcomeFields({ pingEveryMs: 2_000 }) });
  await host.advance(1_000);
  await say(message);
  deafen();
  await host.advance(3_100);
  await say(message);
  assert.equal(
    ear.told.filter((word) => word === 'suspected' || word === 'heard'),
    ['suspected', 'heard'],
  );
  await host.advance(2_000);
  assert.not.ok(ear.words.includes('lost'));
});

silence('is not lost because its own timer was late: it asks once more, and suspects nothing', async () => {
  const { say, ear, host, frames } = await open();
  await say({ kind: 'welcome', welcome: welcomeFields({ pingEveryMs: 2_000 }) });
  const pings = () => frames.filter(({ kind }) => kind === 'ping').length;
  for (const asked of [2, 3]) {
    host.sleep(60_000);
    await host.advance(0);
    assert.is(pings(), asked);
    await host.advance(400);
  }
  assert.not.ok(ear.words.includes('lost'));
  assert.is(ear.told.at(-1), 'measured');
});

hello.run();
verdict.run();
volatile.run();
silence.run();
