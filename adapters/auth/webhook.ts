import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as TE from 'fp-ts/lib/TaskEither.js';
import * as t from 'io-ts';
import type { Admittance, Attempt, Authenticator, Refusal } from '../../machines/ports/authenticator.js';
import { admittanceCodec, decode, refuseExpired } from './admittance.js';
import { describeThrown } from './describe.js';
import { discard, endpoint, type Fetch, platformFetch, readText } from './http.js';
import { type LimitOptions, limitOf, within } from './limit.js';
import { refusal } from './refuse.js';
import { SIGNATURE_HEADER, signWebhook } from './webhook-signature.js';

export { verifyWebhookSignature, type WebhookSignature } from './webhook-signature.js';

export interface WebhookOptions extends LimitOptions {
  /** Where attempts are posted to. Credentials go there: use https beyond your own network. */
  readonly url: string | URL;
  /** Signs each call, so that the receiver can tell it from anybody else's: see `verifyWebhookSignature`. */
  readonly secret?: string;
  /** Sent along with each call, such as an authorization header. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: the platform's. */
  readonly fetch?: Fetch;
}

type Step<A> = TE.TaskEither<Refusal, A>;

const verdictCodec = t.type({ admitted: t.boolean }, 'verdict');

const bodyOf = ({ username, authParams, request: { remoteAddress, origin, userAgent } }: Attempt): string =>
  JSON.stringify({ type: 'user.attempted.start_session', username, authParams, request: { remoteAddress, origin, userAgent } });

const headersOf = (given: Readonly<Record<string, string>>): Headers => {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given)) {
    try {
      headers.set(name, value);
    } catch {
      // The platform's own error repeats the value, which may be a credential.
      throw new TypeError(`webhook: the header ${JSON.stringify(name)} has a name or a value that can not be sent.`);
    }
  }
  headers.set('content-type', 'application/json');
  headers.set('accept', 'application/json');
  return headers;
};

const parse = (text: string): E.Either<string, unknown> =>
  E.tryCatch(
    () => JSON.parse(text) as unknown,
    () => `a body of ${text.length} characters that is not JSON`,
  );

const admittanceIn = (answer: unknown): E.Either<string, Admittance | null> =>
  pipe(
    decode(verdictCodec, answer),
    E.flatMap(({ admitted }): E.Either<string, Admittance | null> => (admitted ? decode(admittanceCodec, answer) : E.right(null))),
    E.mapLeft((why) => `JSON of another shape than { admitted, user?, expiresAt? }: ${why}`),
  );

const statusSaid = ({ status, type }: Response): string =>
  type === 'opaqueredirect' || (status >= 300 && status < 400) ? `a redirect (${status}), which is not followed` : `status ${status}`;

/**
 * An authenticator that asks an HTTP service. It posts
 *
 *     { "type": "user.attempted.start_session", "username", "authParams", "request": { "remoteAddress", "origin", "userAgent" } }
 *
 * and takes `{ "admitted": boolean, "user"?, "expiresAt"? }` with any 2xx status for the verdict; 204 admits, 401 and 403 deny. Denied,
 * or admitted until a moment that has passed: `AccessDeniedError`. No answer within `timeoutMs` (default 5000 ms):
 * `AuthenticationTimeoutError`. Everything else (another status, a redirect, no JSON or JSON of another shape, more than 64 KiB, no
 * connection): `AuthenticationUnavailableError`. Throws a TypeError where the options can not be used.
 *
 *     const authenticator = webhook({ url: 'https://accounts.example/attempts', secret: process.env.WEBHOOK_SECRET })
 */
export const webhook = (options: WebhookOptions): Authenticator => {
  const { secret, fetch: send = platformFetch } = options;
  const limit = limitOf('webhook', options);
  const url = endpoint('webhook: url', options.url);
  const headers = headersOf(options.headers ?? {});
  if (secret === '') throw new TypeError('webhook: secret is empty. Leave it out to send calls that are not signed.');

  const post = async (attempt: Attempt, signal: AbortSignal): Promise<Response> => {
    const body = bodyOf(attempt);
    const sent = new Headers(headers);
    if (secret !== undefined) sent.set(SIGNATURE_HEADER, signWebhook(secret, body, limit.clock.wall()));
    return send(url, { method: 'POST', headers: sent, body, signal, redirect: 'manual' });
  };

  const ask = (attempt: Attempt, signal: AbortSignal): Step<Admittance> => {
    const denied = (how: string) => refusal('AccessDeniedError', attempt, `The webhook denied: ${how}.`);
    const unavailable = (what: string) => refusal('AuthenticationUnavailableError', attempt, `The webhook gave no verdict: ${what}.`);
    const attempted = <A>(what: string, work: () => Promise<A>): Step<A> =>
      TE.tryCatch(work, (thrown) => unavailable(`${what}: ${describeThrown(thrown)}`));

    const judge = (response: Response): Step<Admittance> => {
      const { status } = response;
      if (status >= 200 && status < 300 && status !== 204)
        return pipe(
          attempted('its answer can not be read', () => readText(response, signal)),
          TE.flatMapEither((text) =>
            pipe(
              parse(text),
              E.flatMap(admittanceIn),
              E.mapLeft((what) => unavailable(`it answered with ${what}`)),
            ),
          ),
          TE.flatMapEither((admittance) => (admittance === null ? E.left(denied('admitted is false')) : E.right(admittance))),
        );
      discard(response);
      if (status === 204) return TE.right({});
      return TE.left(
        status === 401 || status === 403 ? denied(`status ${status}`) : unavailable(`it answered with ${statusSaid(response)}`),
      );
    };

    return pipe(
      attempted('it can not be asked', () => post(attempt, signal)),
      TE.flatMap(judge),
      TE.flatMapEither((admittance) => refuseExpired(attempt, limit.clock.wall())(admittance)),
    );
  };

  return { name: 'webhook', authenticate: (attempt) => within(limit, attempt, (signal) => ask(attempt, signal)()) };
};
