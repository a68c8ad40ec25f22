import type { IncomingMessage, ServerResponse } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyWebhookSignature, type WebhookOptions, webhook } from '../../../adapters/auth/webhook.js';
import { authenticatorContract } from '../../../adapters/contracts/authenticator.js';
import type { Attempt } from '../../../machines/ports/authenticator.js';
import { attemptOf, bodyText, codeOf, detailOf, gate, handClock, json, nobody, serve, stream } from './support.js';

const contract = suite('webhook: the contract of authenticators');
const hook = suite('webhook');

const admitted = { username: 'jane', authParams: { password: 'correct horse' } };
const denied = { username: 'jane', authParams: { password: 'wrong horse' } };

authenticatorContract(contract, {
  answering: async ({ timeoutMs }) => {
    const server = await serve(async (request, response) => {
      const { authParams } = JSON.parse(await bodyText(request));
      json(response, { admitted: authParams.password === 'correct horse', user: { displayName: 'Jane' } });
    });
    return { authenticator: webhook({ url: server.url, timeoutMs, secret: 'shared by both' }), admitted, denied, close: server.close };
  },
  hanging: async ({ timeoutMs }) => {
    const server = await serve(() => undefined);
    return { authenticator: webhook({ url: server.url, timeoutMs }), admitted, denied, close: server.close };
  },
  failing: async ({ timeoutMs }) => {
    const server = await serve(async (request, response) => response.end(`<p>Can not insert ${await bodyText(request)}</p>`));
    return { authenticator: webhook({ url: server.url, timeoutMs }), admitted, denied, close: server.close };
  },
});

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

const asking = async (
  listener: Listener,
  options: Partial<WebhookOptions> = {},
  attempt: Attempt = attemptOf({ password: 'hunter22' }),
) => {
  const server = await serve(listener);
  try {
    return await webhook({ url: server.url, ...options }).authenticate(attempt);
  } finally {
    await server.close();
  }
};

const answers: readonly (readonly [title: string, listener: Listener, code: string, detail: RegExp])[] = [
  ['204', (_, response) => response.writeHead(204).end(), 'admitted', /^$/],
  ['admitted: true', (_, response) => json(response, { admitted: true, more: 1 }), 'admitted', /^$/],
  ['admitted: true with 201', (_, response) => json(response, { admitted: true }, 201), 'admitted', /^$/],
  ['admitted: false', (_, response) => json(response, { admitted: false, user: 7 }), 'AccessDeniedError', /denied: admitted is false/],
  [
    'admitted until yesterday',
    (_, response) => json(response, { admitted: true, expiresAt: 1 }),
    'AccessDeniedError',
    /expired \d+ ms ago/,
  ],
  ['401', (_, response) => json(response, { admitted: true }, 401), 'AccessDeniedError', /denied: status 401/],
  ['403', (_, response) => response.writeHead(403).end(), 'AccessDeniedError', /denied: status 403/],
  ['404', (_, response) => response.writeHead(404).end('x'), 'AuthenticationUnavailableError', /status 404/],
  ['429', (_, response) => response.writeHead(429).end(), 'AuthenticationUnavailableError', /status 429/],
  ['500', (_, response) => json(response, { admitted: true }, 500), 'AuthenticationUnavailableError', /status 500/],
  ['503', (_, response) => response.writeHead(503).end(), 'AuthenticationUnavailableError', /status 503/],
  [
    'a page of HTML',
    (_, response) => response.end('<h1>hunter22</h1>'),
    'AuthenticationUnavailableError',
    /body of 17 characters that is not JSON/,
  ],
  ['an empty 200', (_, response) => response.end(), 'AuthenticationUnavailableError', /body of 0 characters/],
  [
    'bytes that are not UTF-8',
    (_, response) => response.end(Buffer.from([0xff, 0xfe])),
    'AuthenticationUnavailableError',
    /can not be read/,
  ],
  [
    'UTF-8 that breaks off',
    (_, response) => response.end(Buffer.from([0x22, 0xe2, 0x82])),
    'AuthenticationUnavailableError',
    /can not be read/,
  ],
  ['JSON that is no object', (_, response) => json(response, true), 'AuthenticationUnavailableError', /another shape.*it is true/],
  ['no admitted', (_, response) => json(response, { user: {} }), 'AuthenticationUnavailableError', /admitted is undefined, not boolean/],
  ['admitted: "true"', (_, response) => json(response, { admitted: 'true' }), 'AuthenticationUnavailableError', /admitted is a string/],
  [
    'a nonsense user',
    (_, response) => json(response, { admitted: true, user: null }),
    'AuthenticationUnavailableError',
    /user is null, not profile/,
  ],
  [
    'a nonsense expiry',
    (_, response) => json(response, { admitted: true, expiresAt: '2030' }),
    'AuthenticationUnavailableError',
    /expiresAt is a string/,
  ],
  ['a stream without end', (_, response) => stream(response), 'AuthenticationUnavailableError', /longer than 65536 bytes/],
  [
    'a body that breaks off',
    (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{"admitted":', () => response.destroy()),
    'AuthenticationUnavailableError',
    /can not be read/,
  ],
  [
    'a connection that is cut',
    (request) => request.socket.destroy(),
    'AuthenticationUnavailableError',
    /can not be asked: TypeError: fetch failed/,
  ],
];

for (const [title, listener, code, detail] of answers)
  hook(`${title}: ${code}`, async () => {
    const verdict = await asking(listener);
    assert.is(codeOf(verdict), code);
    assert.match(detailOf(verdict), detail);
    assert.not.match(detailOf(verdict), /hunter22/);
  });

hook('the user and the expiry that it names are handed on', async () => {
  const expiresAt = Date.now() + 60_000;
  const user = { displayName: 'Jane', displayPictureUrl: null, properties: { roles: ['admin'] } };
  const verdict = await asking((_, response) => json(response, { admitted: true, user: { ...user, id: 7 }, expiresAt }));
  assert.equal(verdict, { _tag: 'Right', right: { user, expiresAt } });
});

hook('the longest answer that is read has 64 KiB', async () => {
  const answerOf = (bytes: number) => `{"admitted":true,"pad":"${'x'.repeat(bytes - 26)}"}`;
  assert.is(answerOf(65_536).length, 65_536);
  assert.is(codeOf(await asking((_, response) => response.end(answerOf(65_536)))), 'admitted');
  assert.is(codeOf(await asking((_, response) => response.end(answerOf(65_537)))), 'AuthenticationUnavailableError');
});

hook('a redirect is not followed', async () => {
  const target = await serve((_, response) => response.writeHead(204).end());
  const verdict = await asking((_, response) => response.writeHead(307, { location: target.url }).end());
  await target.close();
  assert.is(codeOf(verdict), 'AuthenticationUnavailableError');
  assert.match(detailOf(verdict), /a redirect \(307\), which is not followed/);
  assert.is(target.count(), 0);
});

hook('an opaque redirect, as browsers give it, is told as one', async () => {
  const opaque = Object.defineProperties(new Response(null), { type: { value: 'opaqueredirect' }, status: { value: 0 } });
  const verdict = await webhook({ url: 'http://127.0.0.1', fetch: async () => opaque }).authenticate(attemptOf());
  assert.match(detailOf(verdict), /a redirect \(0\)/);
});

hook('an answer without a body, as a fetch of the app may give it, is no JSON', async () => {
  const verdict = await webhook({ url: 'http://127.0.0.1', fetch: async () => new Response(null) }).authenticate(attemptOf());
  assert.match(detailOf(verdict), /a body of 0 characters that is not JSON/);
});

hook('a refused connection is told with its address', async () => {
  const verdict = await webhook({ url: await nobody() }).authenticate(attemptOf());
  assert.is(codeOf(verdict), 'AuthenticationUnavailableError');
  assert.match(detailOf(verdict), /ECONNREFUSED/);
});

hook('it posts the attempt as JSON, and nothing of the request but three fields', async () => {
  const got = gate<{ request: IncomingMessage; body: string }>();
  const attempt = attemptOf({ password: 'hunter22' });
  const carrying = { ...attempt, request: { ...attempt.request, headers: { cookie: 'sid=1234' } } };
  await asking(
    async (request, response) => {
      got.open({ request, body: await bodyText(request) });
      response.writeHead(204).end();
    },
    { headers: { authorization: 'Bearer mine', 'content-type': 'text/plain' } },
    carrying,
  );
  const { request, body } = await got.opened;
  assert.is(request.method, 'POST');
  assert.is(request.headers['content-type'], 'application/json');
  assert.is(request.headers.authorization, 'Bearer mine');
  assert.is(request.headers['ninelives-signature'], undefined);
  assert.equal(JSON.parse(body), {
    type: 'user.attempted.start_session',
    username: 'jane',
    authParams: { password: 'hunter22' },
    request: { remoteAddress: '127.0.0.1', origin: 'http://app.example', userAgent: 'test' },
  });
});

hook('with a secret it signs what it posts', async () => {
  const got = gate<{ header: string | string[] | undefined; body: string }>();
  await asking(
    async (request, response) => {
      got.open({ header: request.headers['ninelives-signature'], body: await bodyText(request) });
      response.writeHead(204).end();
    },
    { secret: 'shared by both' },
  );
  const { header, body } = await got.opened;
  assert.is(verifyWebhookSignature({ secret: 'shared by both', header, body }), true);
  assert.is(verifyWebhookSignature({ secret: 'shared by others', header, body }), false);
});

hook('a service that hangs is a timeout, and its connection is given up', async () => {
  const clock = handClock();
  const asked = gate();
  const cut = gate();
  const server = await serve((request) => {
    request.socket.on('close', () => cut.open());
    asked.open();
  });
  const verdict = webhook({ url: server.url, clock, timeoutMs: 70 }).authenticate(attemptOf());
  await asked.opened;
  clock.strike();
  assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
  await cut.opened;
  await server.close();
});

hook('an answer that begins and then hangs is a timeout, and its connection is given up', async () => {
  const clock = handClock();
  const begun = gate();
  const cut = gate();
  const server = await serve((request, response) => {
    request.socket.on('close', () => cut.open());
    response.writeHead(200).write('{"admitted":');
  });
  const send: WebhookOptions['fetch'] = async (url, init) => {
    const response = await fetch(url, init);
    setImmediate(begun.open);
    return response;
  };
  const verdict = webhook({ url: server.url, clock, fetch: send }).authenticate(attemptOf());
  await begun.opened;
  clock.strike();
  assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
  await cut.opened;
  await server.close();
});

hook('a body is let go when the attempt is, even where fetch does not listen to its signal', async () => {
  const controller = new AbortController();
  const cancelled = gate();
  const reading = gate();
  const body = new ReadableStream({ pull: () => reading.open(), cancel: () => cancelled.open() }, { highWaterMark: 0 });
  const verdict = webhook({ url: 'http://127.0.0.1', fetch: async () => new Response(body) }).authenticate(
    attemptOf({}, { signal: controller.signal }),
  );
  await reading.opened;
  controller.abort();
  assert.is(codeOf(await verdict), 'AuthenticationTimeoutError');
  await cancelled.opened;
});

hook('a fetch that gives nonsense or throws at once is a refusal', async () => {
  const nonsense = (async () => undefined) as unknown as WebhookOptions['fetch'];
  const throwing: WebhookOptions['fetch'] = () => {
    throw new Error('no network');
  };
  for (const send of [nonsense, throwing])
    assert.is(codeOf(await webhook({ url: 'http://127.0.0.1', fetch: send }).authenticate(attemptOf())), 'AuthenticationUnavailableError');
});

hook('authParams that no JSON can carry are a refusal', async () => {
  const authParams = { big: 1n } as unknown as Attempt['authParams'];
  assert.is(codeOf(await webhook({ url: 'http://127.0.0.1' }).authenticate(attemptOf(authParams))), 'AuthenticationUnavailableError');
});

const unusable: readonly (readonly [title: string, options: WebhookOptions, said: RegExp])[] = [
  ['no URL', { url: 'not a url with hunter22' }, /webhook: url is not a URL/],
  ['a URL of another protocol', { url: 'ftp://x' }, /begins with ftp:/],
  ['a URL with a username', { url: 'http://hunter22@x' }, /authorization header/],
  ['a URL with a password', { url: new URL('http://:hunter22@x') }, /authorization header/],
  ['an empty secret', { url: 'http://x', secret: '' }, /secret is empty/],
  ['a header that can not be sent', { url: 'http://x', headers: { authorization: 'hunter22\n\u0000' } }, /the header "authorization"/],
  ['a limit that is none', { url: 'http://x', timeoutMs: -1 }, /webhook: timeoutMs/],
];

for (const [title, options, said] of unusable)
  hook(`${title} is refused at start-up, without telling a secret`, () => {
    assert.throws(
      () => webhook(options),
      (error: unknown) => error instanceof TypeError && said.test(error.message) && !error.message.includes('hunter22'),
    );
  });

contract.run();
hook.run();
