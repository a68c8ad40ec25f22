import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Admittance, Attempt, Refusal } from '../../../machines/ports/authenticator.js';
import type { Either } from '../../../machines/ports/either.js';
import type { JsonObject } from '../../../machines/ports/json.js';

export const attemptOf = (authParams: JsonObject = {}, more: Partial<Attempt> = {}): Attempt => ({
  username: 'jane',
  authParams,
  request: { remoteAddress: '127.0.0.1', origin: 'http://app.example', userAgent: 'test', url: '/ninelives', headers: {} },
  signal: new AbortController().signal,
  ...more,
});

type Answer = Either<Refusal, Admittance>;

/** `admitted`, or the refusal's code. */
export const codeOf = (answer: Answer): string => (answer._tag === 'Left' ? answer.left.code : 'admitted');

export const detailOf = (answer: Answer): string => (answer._tag === 'Left' ? answer.left.detail : '');

/** A clock whose timers go off when the test says so, and whose date stands still. */
export const handClock = (wallMs = 1_700_000_000_000) => {
  const timers = new Map<number, { readonly callback: () => void; readonly delayMs: number }>();
  let last = 0;
  return {
    timers,
    wall: () => wallMs,
    setTimeout: (callback: () => void, delayMs: number) => {
      last += 1;
      timers.set(last, { callback, delayMs });
      return last;
    },
    clearTimeout: (handle: unknown) => void timers.delete(handle as number),
    /** All timers go off, however long they had to go. */
    strike: () => {
      for (const [handle, { callback }] of [...timers]) {
        timers.delete(handle);
        callback();
      }
    },
  };
};

export interface TestServer {
  readonly url: string;
  /** How many requests came. */
  readonly count: () => number;
  close(): Promise<void>;
}

/** A real HTTP server on the loopback. Closing it cuts every connection, hanging ones too. */
export const serve = async (listener: RequestListener): Promise<TestServer> => {
  let requests = 0;
  const server = createServer((request, response) => {
    requests += 1;
    // A client that gives up cuts its connection; what is still written to it then is of no interest.
    response.on('error', () => undefined);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    count: () => requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** An address at which nobody listens. */
export const nobody = async (): Promise<string> => {
  const server = await serve(() => undefined);
  await server.close();
  return server.url;
};

export const bodyText = async (request: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  return text;
};

export const json = (response: ServerResponse, value: unknown, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

/** Write for ever, as fast as the other side reads. */
export const stream = (response: ServerResponse): void => {
  const part = Buffer.alloc(16_384, 0x20);
  const more = () => {
    while (!response.destroyed && response.write(part));
  };
  response.writeHead(200, { 'content-type': 'application/json' }).on('drain', more);
  more();
};

/** A promise and the function that settles it. */
export const gate = <A = void>(): { readonly opened: Promise<A>; readonly open: (value: A) => void } => {
  let open: (value: A) => void = () => undefined;
  const opened = new Promise<A>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};
