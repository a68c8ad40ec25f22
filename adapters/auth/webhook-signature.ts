import { createHmac, timingSafeEqual } from 'node:crypto';

/** The header of a signed webhook call: `t=<seconds since the epoch>,v1=<HMAC-SHA256 in hex>`. */
export const SIGNATURE_HEADER = 'ninelives-signature';

/** As much as two clocks may be apart, and as long as a call that was recorded can be played again. */
export const SIGNATURE_TOLERANCE_S = 300;

/** A header holds one signature, or a few while a secret is changed. */
const HEADER_CHARS_MAX = 1024;

const DIGEST_HEX = /^[0-9a-f]{64}$/;
const SECONDS = /^[0-9]{1,12}$/;
const MS_PER_S = 1000;

const digest = (secret: string, seconds: string, body: string | Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest();

/** The value of the signature header for a body sent at this moment. */
export const signWebhook = (secret: string, body: string, nowMs: number): string => {
  const seconds = String(Math.floor(nowMs / MS_PER_S));
  return `t=${seconds},v1=${digest(secret, seconds, body).toString('hex')}`;
};

export interface WebhookSignature {
  /** What `webhook({ secret })` was given. An empty one verifies nothing. */
  readonly secret: string;
  /** The header `ninelives-signature`, as the server of the receiver gives it. */
  readonly header: string | readonly string[] | null | undefined;
  /** The body as it was received: its bytes or its text, before any parsing. */
  readonly body: string | Uint8Array;
  /** How old, or how far ahead, the call may be. In seconds; default: 300. */
  readonly toleranceS?: number;
  /** Milliseconds since the epoch. Default: now. */
  readonly nowMs?: number;
}

/**
 * Does this webhook call come from who knows the secret, and was it made just now? For the receiver of `webhook({ secret })`.
 *
 * The rule, for receivers in other languages: the header is `t=<seconds>,v1=<hex>`. Compute HMAC-SHA256 with the secret (UTF-8) over
 * the text of `t`, a full stop and the body's bytes; compare it with `v1` in constant time; refuse a `t` more than 300 seconds from
 * your own clock. Any of several `v1` may match. Never throws: whatever is wrong is `false`.
 *
 *     const body = await request.text()
 *     if (!verifyWebhookSignature({ secret, header: request.headers.get('ninelives-signature'), body })) return new Response(null, { status: 400 })
 *     const { username, authParams } = JSON.parse(body)
 */
export const verifyWebhookSignature = ({
  secret,
  header,
  body,
  toleranceS = SIGNATURE_TOLERANCE_S,
  nowMs = Date.now(),
}: WebhookSignature): boolean => {
  const line = typeof header === 'object' && header !== null ? header.join(',') : (header ?? '');
  if (secret === '' || line.length > HEADER_CHARS_MAX) return false;
  const fields = line.split(',').map((field) => field.trim());
  const valuesOf = (name: string) => fields.filter((field) => field.startsWith(`${name}=`)).map((field) => field.slice(name.length + 1));
  const [seconds, ...others] = valuesOf('t');
  if (seconds === undefined || others.length > 0 || !SECONDS.test(seconds)) return false;
  // Written so that a tolerance that is no number refuses.
  if (!(Math.abs(nowMs / MS_PER_S - Number(seconds)) <= toleranceS)) return false;
  const expected = digest(secret, seconds, body);
  return valuesOf('v1').some((hex) => DIGEST_HEX.test(hex) && timingSafeEqual(Buffer.from(hex, 'hex'), expected));
};
