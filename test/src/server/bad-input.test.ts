/**
 * The bad input table of docs/protocol.md, row by row, over real sockets, against one server. Each row gets exactly one refusal and its close, repeats nothing of what was sent,
 * leaves nothing behind, and costs nobody else anything: a neighbour whose session lives through all of it gets every message, in order, both ways.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { helloEntry, helloFor, newToken, openRaw, type RawClient, type RawOptions } from '../../support/raw.js';
import { started, startServer } from '../../support/server.js';
import { until } from '../../support/until.js';

const key = 'a-key';
const password = 'right';
/** In whatever is sent wrongly, so that it can be looked for in what comes back. */
const marker = 'MARKER-4711';
const batchSize = 40_000;
const window = { messages: 4, size: 2_000 };

const test = await startServer({
  apiKeys: [key],
  // Whoever is called slow waits for a verdict that never comes.
  authenticate: ({ username, authParams, signal }) =>
    username === 'slow'
      ? new Promise((resolve) => signal.addEventListener('abort', () => resolve(false)))
      : authParams.password === password,
  // Each refusal's line is looked for.
  limits: { messageSize: 1_000, batchSize, window, logLinesPerSecond: 10_000 },
});
test.server.on('session', (session) => {
  session.on('count', (n) => void session.send('count', n));
  session.on('hold', () => new Promise(() => undefined));
});

const neighbour = await started(test.client({ apiKey: key }), 'neighbour');
const counted: number[] = [];
let last = 0;
neighbour.on('count', (n) => void counted.push(n));
const count = (): void => {
  last += 1;
  assert.ok(neighbour.send('count', last).accepted);
};

type Frames = readonly (readonly unknown[])[];
/** A connection in a certain state, ready for something wrong. */
type Prepare = (options?: RawOptions) => Promise<RawClient>;

const hello = (more: Record<string, unknown> = {}, username = 'jane') => helloFor(username, { key, ...more });
const fresh: Prepare = (options) => openRaw(test.url, options);
const after =
  (...frames: Frames): Prepare =>
  async () => {
    const raw = await fresh();
    raw.send(...frames);
    return raw;
  };
const admitting: Prepare = () => after(['hello', hello({ authParams: {} }, 'slow')])();
const resume = {
  session: 'none',
  tokens: [newToken()],
  next: newToken(),
  positions: { received: 0, done: 0, seen: 0, last: 0 },
  incarnation: 1,
};
const awaitingStart: Prepare = async () => {
  const raw = await after(['hello', { ...hello(), start: undefined, resume }])();
  await raw.take('gone');
  return raw;
};
const unconfirmed: Prepare = async () => {
  const raw = await after(['hello', hello()])();
  await raw.take('welcome');
  return raw;
};
const live: Prepare = async () => {
  const raw = await unconfirmed();
  raw.send(['confirm']);
  await test.sessionOf('jane');
  return raw;
};
const ending: Prepare = async () => {
  const raw = await live();
  raw.send(['e']);
  await raw.take('e');
  return raw;
};

type Told = readonly [tag: 'deny' | 'bye' | 'the close alone', code: string, closeCode: number];
const deny = (code: string, closeCode: number): Told => ['deny', code, closeCode];
const bye = (code: string, closeCode: number): Told => ['bye', code, closeCode];
const brokenFirst = deny('ProtocolError', 4400);
const brokenLater = bye('ProtocolError', 4400);
const name = deny('InvalidUsernameError', 4422);

interface Row {
  readonly what: string;
  readonly told: Told;
  readonly play: () => Promise<RawClient>;
}

const row = (what: string, told: Told, play: () => Promise<RawClient>): Row => ({ what, told, play });
/** Frames in one batch, said in a state. */
const says = (what: string, prepare: Prepare, told: Told, ...frames: Frames): Row =>
  row(what, told, async () => {
    const raw = await prepare();
    raw.send(...frames);
    return raw;
  });
const text = (what: string, prepare: Prepare, told: Told, data: string | Buffer, binary = false): Row =>
  row(what, told, async () => {
    const raw = await prepare();
    raw.ws.send(data, { binary });
    return raw;
  });
const entries = (what: string, told: Told, ...given: readonly string[]): Row => row(what, told, () => fresh({ entries: given }));

const message = (n: number) => ['m', 'count', n];
const invalidUtf8 = Buffer.from([0x5b, 0xff, 0xfe, 0x5d]);
const nested = (depth: number): unknown => JSON.parse(`${'{"a":'.repeat(depth)}{}${'}'.repeat(depth)}`);

const rows: readonly Row[] = [
  // --- The hello itself ---
  says('a wrong API key', fresh, deny('InvalidApiKeyError', 4401), ['hello', hello({ key: marker })]),
  says('no API key', fresh, deny('InvalidApiKeyError', 4401), ['hello', hello({ key: undefined })]),
  entries('a wrong API key in the upgrade', deny('InvalidApiKeyError', 4401), helloEntry(hello({ key: marker }))),
  row('a wrong origin', deny('OriginNotAllowedError', 4406), () =>
    fresh({ entries: [helloEntry(hello())], headers: { origin: 'https://elsewhere.example' } }),
  ),
  row('a wrong origin with a wrong key: the origin comes first', deny('OriginNotAllowedError', 4406), () =>
    fresh({ entries: [helloEntry(hello({ key: marker }))], headers: { origin: 'null' } }),
  ),
  says('an unknown version', fresh, deny('UnsupportedVersionError', 4405), ['hello', hello({ v: 2 })]),
  says('an unknown version in a shape of its own', fresh, deny('UnsupportedVersionError', 4405), [
    'hello',
    { v: 99, start: marker, window: [] },
  ]),
  entries('an unknown version in the upgrade', deny('UnsupportedVersionError', 4405), helloEntry({ v: 99, [marker]: true })),
  says('a hello over 16,384 characters', fresh, deny('MessageTooLargeError', 1009), ['hello', hello({ agent: marker.repeat(1_600) })]),
  says('a hello that asks for nothing', fresh, brokenFirst, ['hello', hello({ start: undefined })]),
  says('a hello that asks for a start and a resume', fresh, brokenFirst, ['hello', hello({ resume })]),
  says('a hello without a window', fresh, brokenFirst, ['hello', hello({ window: undefined })]),
  says('a token that is too short', fresh, brokenFirst, ['hello', hello({ token: marker })]),
  entries('an entry that is no base64url', brokenFirst, 'ninelives.hello.!!!'),
  entries('an entry that is no JSON', brokenFirst, helloEntry(marker)),
  entries('an entry that is no hello', brokenFirst, helloEntry({ [marker]: 1 })),
  entries('an entry that is there twice', brokenFirst, helloEntry(hello()), helloEntry(hello())),
  entries('an entry over 4,096 characters', brokenFirst, helloEntry(hello({ agent: marker.repeat(400) }))),
  // --- Who it is ---
  says('an empty username', fresh, name, ['hello', hello({}, '')]),
  says('a username of 300 characters', fresh, name, ['hello', hello({}, marker.repeat(30).slice(0, 300))]),
  says('a username with a control character', fresh, name, ['hello', hello({}, `${marker}\u0000`)]),
  says('a username with a line break', fresh, name, ['hello', hello({}, `${marker}\nlevel=error`)]),
  says('the username __proto__', fresh, name, ['hello', hello({}, '__proto__')]),
  says('the username constructor', fresh, name, ['hello', hello({}, 'constructor')]),
  says('a username with white space at its end', fresh, name, ['hello', hello({}, `${marker} `)]),
  says('a username with an unpaired surrogate', fresh, name, ['hello', hello({}, `${marker}\ud800`)]),
  says('a username of more than 1,024 characters', fresh, brokenFirst, ['hello', hello({}, marker.repeat(100))]),
  says('a username that is no string', fresh, brokenFirst, ['hello', hello({}, { [marker]: 1 } as never)]),
  says('authParams nested 1,000 deep', fresh, deny('InvalidAuthParamsError', 4423), ['hello', hello({ authParams: nested(1_000) })]),
  says('authParams nested 33 deep', fresh, deny('InvalidAuthParamsError', 4423), ['hello', hello({ authParams: nested(32) })]),
  says('authParams that are a list', fresh, brokenFirst, ['hello', hello({ authParams: [marker] })]),
  says('authParams that are null', fresh, brokenFirst, ['hello', hello({ authParams: null })]),
  // --- Before the hello ---
  says('data before the hello', fresh, brokenFirst, ['m', marker, 1]),
  says('an acknowledgement before the hello', fresh, brokenFirst, ['a', 0, 0, 0, 0]),
  says('a ping before the hello', fresh, brokenFirst, ['ping', 1]),
  says('a pong before the hello', fresh, brokenFirst, ['pong', 1]),
  says('a confirm before the hello', fresh, brokenFirst, ['confirm']),
  says('a start before the hello', fresh, brokenFirst, ['start', hello().start]),
  says('100 frames before the hello, in one batch', fresh, brokenFirst, ...Array.from({ length: 100 }, () => ['m', marker, 1])),
  row('100 frames before the hello, one by one', brokenFirst, async () => {
    const raw = await fresh();
    for (let n = 0; n < 100; n += 1) raw.send(['ping', n]);
    return raw;
  }),
  says('a hello behind something else', fresh, brokenFirst, ['ping', 1], ['hello', hello()]),
  says(
    'two hellos in one batch',
    fresh,
    brokenFirst,
    ['hello', hello({ authParams: {} }, 'slow')],
    ['hello', hello({ authParams: {} }, 'slow')],
  ),
  row('a hello in the upgrade and another one as a frame', brokenFirst, async () => {
    const raw = await fresh({ entries: [helloEntry(hello({ authParams: {} }, 'slow'))] });
    raw.send(['hello', hello()]);
    return raw;
  }),
  // --- What is no batch of frames, at any time ---
  ...(
    [
      ['before the hello', fresh, brokenFirst],
      ['while it is decided', admitting, brokenFirst],
      ['behind gone', awaitingStart, brokenFirst],
      ['before the confirm', unconfirmed, brokenLater],
      ['in an active session', live, brokenLater],
      ['behind the goodbyes', ending, brokenLater],
    ] as const
  ).flatMap(([when, prepare, told]) => [
    text(`invalid JSON ${when}`, prepare, told, `[["m","${marker}"`),
    text(`JSON that is no list ${when}`, prepare, told, `{"m":"${marker}"}`),
    text(`an empty batch ${when}`, prepare, told, '[]'),
    text(`a batch of 129 frames ${when}`, prepare, told, JSON.stringify(Array.from({ length: 129 }, () => ['pong', 1]))),
    text(`a frame that is no list ${when}`, prepare, told, `["${marker}"]`),
    text(`binary ${when}`, prepare, told, Buffer.from('[["confirm"]]'), true),
    text(`an unknown frame ${when}`, prepare, told, `[["${marker}",1]]`),
    text(`a frame of the server ${when}`, prepare, told, `[["gone","${marker}"]]`),
    text(`a broken frame ${when}`, prepare, told, `[["ping","${marker}"]]`),
    text(`invalid UTF-8 ${when}`, prepare, ['the close alone', 'InvalidTextError', 1007], invalidUtf8),
    text(
      `a message over batchSize ${when}`,
      prepare,
      ['the close alone', 'MessageTooLargeError', 1009],
      `[["m","${'x'.repeat(batchSize)}",1]]`,
    ),
    ...(prepare === fresh ? [] : [says(`a second hello ${when}`, prepare, told, ['hello', hello()])]),
  ]),
  // --- Frames in the wrong state ---
  says('data while it is decided', admitting, brokenFirst, message(1)),
  says('a confirm while it is decided', admitting, brokenFirst, ['confirm']),
  says('a start while it is decided', admitting, brokenFirst, ['start', hello().start]),
  says('data behind gone', awaitingStart, brokenFirst, message(1)),
  says('a confirm behind gone', awaitingStart, brokenFirst, ['confirm']),
  says('a start over 16,384 characters', awaitingStart, deny('MessageTooLargeError', 1009), [
    'start',
    { username: 'jane', token: newToken(), authParams: { a: marker.repeat(1_600) } },
  ]),
  says('data before the confirm', unconfirmed, brokenLater, message(1)),
  says('an acknowledgement before the confirm', unconfirmed, brokenLater, ['a', 0, 0, 0, 0]),
  says('an end before the confirm', unconfirmed, brokenLater, ['e']),
  says('a start before the confirm', unconfirmed, brokenLater, ['start', hello().start]),
  says('a second confirm', live, brokenLater, ['confirm']),
  says('a start in an active session', live, brokenLater, ['start', hello().start]),
  // --- Features that do not hold ---
  says('a renewal', live, brokenLater, ['renewal', { authParams: { a: marker }, token: newToken() }]),
  says('a signin', live, brokenLater, ['signin', { username: marker, authParams: {}, token: newToken() }]),
  says('a volatile message', live, brokenLater, ['v', marker, 1]),
  says('a skip of more than can be counted', live, brokenLater, ['s', Number.MAX_SAFE_INTEGER]),
  // --- The stream ---
  says('a message without a type', live, brokenLater, ['m', '', 1]),
  says('a message whose type is too long', live, brokenLater, ['m', marker.repeat(12), 1]),
  says('a message without a payload', live, brokenLater, ['m', marker]),
  says('an acknowledgement of what was never shipped', live, brokenLater, ['a', 7, 0, 0, 0]),
  says('an acknowledgement of the far future', live, brokenLater, ['a', Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 0, 0]),
  says('an acknowledgement that is done with more than it received', live, brokenLater, ['a', 0, 1, 0, 0]),
  says('an acknowledgement whose last number does not fit: something was lost', live, brokenLater, message(1), ['a', 0, 0, 5, 0]),
  says('an acknowledgement that has seen what was never told', live, brokenLater, ['a', 0, 0, 0, 9]),
  says('an exception beyond what is done', live, brokenLater, ['a', 0, 0, 0, 0, [[3, 'failed']]]),
  row('an acknowledgement that is taken back', brokenLater, async () => {
    const raw = await live();
    raw.send(message(1));
    await raw.take('m');
    raw.send(['a', 1, 1, 1, 0]);
    raw.send(['a', 0, 0, 1, 0]);
    return raw;
  }),
  says('an item behind the end', live, brokenLater, ['e'], message(1)),
  says('more messages than the window', live, brokenLater, ...Array.from({ length: window.messages + 2 }, () => ['m', 'hold', marker])),
  says(
    'more text than the window, generously counted',
    live,
    brokenLater,
    ...Array.from({ length: 4 }, () => ['m', 'hold', 'x'.repeat(2_000)]),
  ),
];

const uvu = suite('bad input');

for (const { what, told, play } of rows)
  uvu(`${what}: ${told.join(', ')}`, async () => {
    const [tag, code, closeCode] = told;
    count();
    const logged = test.log.lines.length;
    const raw = await play();
    if (tag === 'the close alone') {
      assert.is((await raw.closed).code, closeCode);
      assert.not.ok(raw.frames.some(([said]) => said === 'deny' || said === 'bye'));
    } else {
      const refusal = await raw.refusal();
      assert.equal([refusal.tag, refusal.code, refusal.closeCode], told);
      assert.ok(refusal.message.length > 10, 'it says what is wrong');
      assert.not.ok(refusal.message.includes(marker), `it repeats what was sent: ${refusal.message}`);
    }
    count();
    await until(() => counted.length === last, 'the neighbour has all messages');
    await until(() => test.server.counts.active === 1, 'nobody but the neighbour is left');
    assert.equal(test.server.counts, { pending: 0, unconfirmed: 0, active: 1 });
    const active = await test.store.listSessions({ state: 'ACTIVE', page: 0, size: 10 })();
    assert.equal(active._tag === 'Right' && active.right.items.map(({ user }) => user.name), ['neighbour'], 'the store lists nobody else');
    const lines = test.log.lines.slice(logged);
    assert.ok(
      lines.some(({ fields }) => fields.code === code),
      'the log says why',
    );
    assert.not.ok(JSON.stringify(lines).includes(marker), 'and nothing of what was sent');
  });

uvu('through all of it the neighbour has every message once, in order, and was never lost', () => {
  assert.equal(
    counted,
    Array.from({ length: last }, (_, index) => index + 1),
  );
  assert.equal(
    test.ended.filter(({ session }) => session.user.name === 'neighbour'),
    [],
  );
});

uvu('a session that was never confirmed is in no list afterwards, and one that was is listed as ended', async () => {
  const all = await test.store.listSessions({ username: 'jane', page: 0, size: 200 })();
  const states = new Set(all._tag === 'Right' ? all.right.items.map(({ state, endReason }) => `${state} ${endReason}`) : []);
  assert.equal([...states].sort(), ['ENDED ended', 'ENDED expired']);
  assert.is(all._tag === 'Right' ? all.right.total : -1, test.sessions.length - 1, 'as many as the app heard of');
});

uvu('the server is closed and nothing is left', () => test.close());

uvu.run();
