import type { Json, JsonObject } from '../../machines/ports/json.js';

/** What stands in a text where a secret stood. */
export const REDACTED = '[redacted]';

/** Shorter values ("en", "42") are no secrets worth the name, and would riddle every sentence with holes. */
const SECRET_CHARS_MIN = 4;

/**
 * Past these bounds the whole text is withheld: authParams come from outside, and may not make the scrubbing itself an attack. At the
 * bounds, and with the worst of repetitive values, a text costs some tens of milliseconds.
 */
const VALUES_MAX = 10_000;
const SECRETS_MAX = 256;
const TEXT_CHARS_MAX = 8192;

/** Every string and number in the authParams, however deep; null where there are too many to look for. */
const secretsOf = (authParams: JsonObject): readonly string[] | null => {
  const found = new Set<string>();
  const pending: Json[] = [authParams];
  for (let seen = 0; pending.length > 0; seen += 1) {
    if (seen >= VALUES_MAX || found.size > SECRETS_MAX) return null;
    const value = pending.pop();
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) pending.push(inner);
    else if ((typeof value === 'string' || typeof value === 'number') && String(value).length >= SECRET_CHARS_MIN) found.add(String(value));
  }
  return [...found];
};

const LONE_SURROGATE = /\p{Cs}/u;

/** The ways in which a value gets into a message: as it is, trimmed, inside JSON, inside a URL (which can not hold a lone surrogate). */
const spellings = (value: string): readonly string[] => [
  value,
  value.trim(),
  JSON.stringify(value).slice(1, -1),
  LONE_SURROGATE.test(value) ? value : encodeURIComponent(value),
];

type Range = readonly [from: number, to: number];

/** Ranges that overlap or touch become one, so that of two secrets that share characters no remainder stays behind. */
const merged = (ranges: readonly Range[]): readonly Range[] => {
  const holes: [from: number, to: number][] = [];
  for (const [from, to] of ranges) {
    const last = holes.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
    else holes.push([from, to]);
  }
  return holes;
};

const occurrences = (text: string, secret: string): readonly Range[] => {
  const ranges: Range[] = [];
  for (let at = text.indexOf(secret); at !== -1; at = text.indexOf(secret, at + 1)) ranges.push([at, at + secret.length]);
  return merged(ranges);
};

const cutOut = (text: string, ranges: readonly Range[]): string => {
  let kept = '';
  let end = 0;
  for (const [from, to] of merged([...ranges].sort((a, b) => a[0] - b[0]))) {
    kept += text.slice(end, from) + REDACTED;
    end = to;
  }
  return kept + text.slice(end);
};

/**
 * Take every value of the authParams out of a text that goes to a log. Strings and numbers of four characters or more are looked for,
 * at any depth, also as they are written in JSON and in a URL. Pure, and never throws: what can not be searched in bounded work is
 * withheld as a whole.
 *
 *     scrub('no user jane with hunter22', { password: 'hunter22' })   // 'no user jane with [redacted]'
 */
export const scrub = (text: string, authParams: JsonObject): string => {
  if (text.length > TEXT_CHARS_MAX) return REDACTED;
  try {
    const secrets = secretsOf(authParams);
    if (secrets === null) return REDACTED;
    const spelled = new Set(secrets.flatMap(spellings).filter((secret) => secret.length >= SECRET_CHARS_MIN));
    return cutOut(
      text,
      [...spelled].flatMap((secret) => occurrences(text, secret)),
    );
  } catch {
    // Only authParams that are no JSON get here (a getter that throws). What is in them is not known, so nothing is shown.
    return REDACTED;
  }
};
