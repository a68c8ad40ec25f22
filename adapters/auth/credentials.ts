import type { Attempt, RequestInfo } from '../../machines/ports/authenticator.js';
import type { JsonObject } from '../../machines/ports/json.js';

/** Headers whose values let someone in somewhere, by the names that such headers have. */
const SECRET_HEADER = /auth|cookie|key|secret|session|token/;

/** `Bearer abc`, `sid=abc; theme=dark`: the values without what is around them, since a message would quote one of them. */
const partsOf = (header: string): readonly string[] => [
  header,
  ...header.split(/[\s;,]+/).flatMap((part) => [part, part.slice(part.indexOf('=') + 1)]),
];

const schemes: ReadonlySet<string> = new Set(['basic', 'bearer', 'digest']);

const carriedBy = ({ headers, url }: RequestInfo): readonly string[] => [
  ...Object.entries(headers)
    .filter(([name]) => SECRET_HEADER.test(name))
    .flatMap(([, value]) => partsOf(value))
    .filter((part) => !schemes.has(part.toLowerCase())),
  ...new URLSearchParams(url.slice(url.indexOf('?') + 1)).values(),
];

/** Everything in an attempt that may be a credential: its authParams, and what its request carries in headers and in its query. */
export const credentialsIn = ({ authParams, request }: Pick<Attempt, 'authParams' | 'request'>): JsonObject => ({
  given: authParams,
  carried: carriedBy(request),
});
