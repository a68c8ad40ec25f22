/** No secret of a client is in anything that it shows. Each is searched by its value, in all that can be reached. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { InspectionEvent } from 'xstate';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { memorySockets } from '../../../adapters/sockets/memory.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import type { OpenSocket } from '../../../machines/ports/socket.js';
import { emittedTypes } from '../../../machines/session/public.js';
import type { ClientOptions } from '../../../src/client/options.js';
import { createServer } from '../../../src/server/index.js';
import { clientOn } from './support.js';
import { browserWorld } from './tabs.js';

const secrets = suite('no secret of a client');

const apiKey = 'api-key-5f2c';
const password = 'pa55word-91d0';
const thrown = 'thrown-secret-77aa';

/** Every string that can be reached from a value: by its own properties, hidden ones too, by maps, sets, prototypes' getters and errors. */
const stringsIn = (root: unknown): Set<string> => {
  const strings = new Set<string>();
  const seen = new Set<unknown>();
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === 'string') strings.add(value);
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) continue;
    // The platform's own: nothing of a client is kept there, and it is endless.
    if (value === globalThis || value === process) continue;
    seen.add(value);
    if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
    if (value instanceof Set) waiting.push(...value);
    if (ArrayBuffer.isView(value)) continue;
    for (const key of Reflect.ownKeys(value)) {
      if (typeof key === 'string') strings.add(key);
      const property = Object.getOwnPropertyDescriptor(value, key);
      waiting.push(property && 'value' in property ? property.value : undefined);
    }
    if (value instanceof Error) waiting.push(value.message, value.stack, value.cause, String(value));
  }
  return strings;
};

interface Watch {
  readonly options: Pick<ClientOptions, 'inspect' | 'apiKey'>;
  show(value: unknown): void;
  /** What must not be found; the tokens that were drawn are among them. */
  search(tokens: readonly string[]): void;
}

/** Keeps what a client shows as it was when it showed it, console included. */
const watching = (): Watch & { restore(): void } => {
  const found = new Set<string>();
  const show = (value: unknown): void => {
    for (const string of stringsIn(value)) found.add(string);
  };
  const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
  const originals = methods.map((method) => console[method]);
  for (const method of methods) console[method] = (...args: unknown[]) => show(args);
  return {
    options: { apiKey, inspect: (event: InspectionEvent) => show(event) },
    show,
    search: (tokens) => {
      assert.ok(found.size > 20, 'something was shown');
      assert.ok(tokens.length > 0, 'tokens were drawn');
      for (const secret of [apiKey, password, thrown, ...tokens])
        for (const string of found) assert.not.ok(string.includes(secret), `${secret} in ${string.slice(0, 200)}`);
    },
    restore: () => {
      for (const [index, method] of methods.entries()) console[method] = originals[index] as typeof console.log;
    },
  };
};

/** The tokens in what crosses a socket: 43 characters of base64url. */
const tapped = (open: OpenSocket): { readonly open: OpenSocket; tokens(): readonly string[] } => {
  const texts: string[] = [];
  const plain = (entry: string): string => Buffer.from(entry.split('.').at(-1) ?? '', 'base64url').toString();
  return {
    open: (request, events) => {
      texts.push(...request.protocols.map(plain));
      const socket = open(request, events);
      return {
        send: (text) => {
          texts.push(text);
          socket.send(text);
        },
        close: (code, reason) => socket.close(code, reason),
        get bufferedAmount() {
          return socket.bufferedAmount;
        },
      };
    },
    tokens: () => texts.flatMap((text) => [...text.matchAll(/"([\w-]{43})"/g)].map(([, token]) => token as string)),
  };
};

/** A whole life: refused starts, a session, a loss, a return, an end, and a lost session that is given up. */
for (const helloIn of ['upgrade', 'frame'] as const)
  secrets(`is in its inspection events, snapshots, events, errors or console, with the hello in the ${helloIn}`, async () => {
    const watch = watching();
    try {
      const host = virtualHost({ seed: 3 });
      const sockets = memorySockets({ clock: host.clock });
      const server = createServer({
        apiKeys: [apiKey],
        guests: false,
        logger: false,
        host,
        authenticate: ({ authParams }) => authParams.password === password,
      });
      sockets.accept((socket, request) => server.accept(socket, request));
      const tap = tapped(sockets.open);
      const kitty = clientOn(host, { transport: ninelivesTransport({ openSocket: tap.open, host, helloIn }), ...watch.options });
      for (const name of emittedTypes) kitty.on(name, (event: unknown) => watch.show(event));
      kitty.subscribe(() => watch.show(kitty.getSnapshot()));
      const start = async (authParams: Parameters<typeof kitty.startSession>[0]['authParams'], deadlineMs = 500) => {
        const starting = kitty.startSession({ username: 'jane', authParams, deadlineMs });
        await host.advance(deadlineMs);
        const result = await starting;
        watch.show(result);
        return result;
      };

      assert.is((await start({ password: `not ${password}` })).error?.code, 'AccessDeniedError');
      assert.is((await start(() => Promise.reject(new Error(thrown)))).error?.code, 'AuthParamsUnavailableError');
      assert.is((await start((() => password) as never)).error?.code, 'InvalidAuthParamsError');
      assert.is((await start({ password, big: 1n } as never)).error?.code, 'InvalidAuthParamsError');
      assert.is((await start(() => new Promise(() => undefined))).error?.code, 'StartTimeoutError');
      assert.is((await start(async () => ({ password }))).succeeded, true);
      sockets.cut();
      await host.advance(60_000);
      assert.is(kitty.getSnapshot().status, 'active');
      const settled = async (result: Promise<unknown> | undefined): Promise<void> => {
        await host.advance(100);
        watch.show(await result);
      };
      await settled(kitty.session?.renew());
      await settled(kitty.session?.signIn({ username: 'joe', authParams: () => Promise.reject(new Error(thrown)) }));
      await settled(kitty.session?.signIn({ username: 'joe', authParams: { password: `not ${password}` } }));
      const signing = kitty.session?.signIn({ username: 'joe', authParams: { password } });
      watch.show(kitty.session);
      await settled(signing);
      assert.is(kitty.getSnapshot().user?.name, 'joe');
      kitty.session?.on('chat', () => {
        throw new Error('of the app');
      });
      watch.show(kitty.session);
      watch.show(kitty);
      sockets.cut();
      await host.settle();
      assert.is(kitty.getSnapshot().status, 'lost');
      watch.show(await kitty.endSession());
      assert.is((await start({ password })).succeeded, true);
      watch.show(kitty.getSnapshot());
      await server.close();
      watch.search(tap.tokens());
    } finally {
      watch.restore();
    }
  });

secrets('is in what a broken connection is told as', async () => {
  const watch = watching();
  try {
    const host = virtualHost({ seed: 3 });
    const seen: string[] = [];
    // A platform that quotes what it was given, as browsers do with a subprotocol that they refuse.
    const open: OpenSocket = ({ protocols }, events) => {
      seen.push(...protocols);
      host.clock.setTimeout(() => events.closed({ code: 1006, reason: '', error: 'refused' }), 1);
      return { send: () => undefined, close: () => undefined, bufferedAmount: 0 };
    };
    const throwing: OpenSocket = ({ protocols }) => {
      throw new SyntaxError(`The subprotocol '${protocols.join()}' is invalid.`);
    };
    for (const openSocket of [open, throwing]) {
      const kitty = clientOn(host, { transport: ninelivesTransport({ openSocket, host }), ...watch.options });
      const starting = kitty.startSession({ username: 'jane', authParams: { password }, deadlineMs: 2_000 });
      await host.advance(2_000);
      const { error } = await starting;
      assert.is((error?.cause as { code?: string } | undefined)?.code, 'ConnectionFailedError');
      watch.show(error);
    }
    assert.ok(seen.length > 1);
    watch.search(seen.filter((entry) => entry.startsWith('ninelives.hello.')));
  } finally {
    watch.restore();
  }
});

secrets(
  'is in what it shows of a session that its tab keeps: the tokens are in the storage, the credential and the API key not even there',
  async () => {
    const watch = watching();
    try {
      const world = browserWorld({ apiKeys: [apiKey], guests: false, authenticate: ({ authParams }) => authParams.password === password });
      const here = world.tab();
      const tokens = new Set<string>();
      const stored: string[] = [];
      for (const way of ['begun', 'resumed', 'refused']) {
        const page = world.load(here, watch.options);
        for (const name of emittedTypes) page.kitty.on(name, (event: unknown) => watch.show(event));
        page.kitty.subscribe(() => watch.show(page.kitty.getSnapshot()));
        const result = await page.start({ authParams: { password } }, way === 'refused' ? 2_000 : 0);
        assert.equal([result.succeeded, result.resumed], [true, way === 'resumed']);
        for (const shown of [result, page.kitty, page.kitty.getSnapshot()]) watch.show(shown);
        page.kitty.session?.send('up', way);
        await page.unload();
        const text = [...here.texts.values()].join();
        stored.push(text);
        for (const [, token] of text.matchAll(/oken":"([\w-]{43})"/g)) tokens.add(token as string);
        if (way === 'resumed')
          for (const [key, old] of here.texts) here.texts.set(key, old.replace(/"token":"[\w-]{43}"/, `"token":"${'y'.repeat(43)}"`));
      }
      for (const secret of [password, apiKey]) assert.not.ok(stored.join().includes(secret), secret);
      assert.ok(tokens.size >= 2, 'tokens are stored');
      watch.search([...tokens]);
      await world.close();
    } finally {
      watch.restore();
    }
  },
);

secrets.run();
