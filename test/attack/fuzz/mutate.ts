/** What is done to a batch that would be right. Pure. */
import fc from 'fast-check';

export type Batch = readonly (readonly unknown[])[];

export type Mutation =
  | { readonly kind: 'none' }
  /** The value at this place of the batch, counted through all that is nested, is another one. */
  | { readonly kind: 'replace'; readonly at: number; readonly by: unknown }
  /** It is left out, or there twice. */
  | { readonly kind: 'remove' | 'double'; readonly at: number }
  /** The whole batch is there so many times, in one message. */
  | { readonly kind: 'repeat'; readonly times: number }
  /** So many characters of its text are left out at a place, and others are put there. */
  | { readonly kind: 'splice'; readonly at: number; readonly drop: number; readonly put: string }
  /** It is wrapped into so many arrays, each where the payload of a message is. */
  | { readonly kind: 'nest'; readonly depth: number }
  | { readonly kind: 'binary' };

/** Past what a number can be, a text, a type, a name, a list. */
const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1,
  2,
  1e300,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  '',
  'm',
  'resume',
  'x'.repeat(129),
  'x'.repeat(20_000),
  '__proto__',
  'constructor',
  '\ud800',
  [],
  {},
  [[]],
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { toJSON: 1, toString: 1, valueOf: 1, length: 1e9 },
  Array.from({ length: 200 }, (_, n) => [n + 1, 'failed']),
];

const place = fc.nat({ max: 60 });

export const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 24, arbitrary: fc.constant<Mutation>({ kind: 'none' }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('replace' as const), at: place, by: fc.constantFrom(...hostile) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'double' as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), times: fc.constantFrom(2, 3, 40, 130) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('splice' as const),
      at: fc.nat({ max: 300 }),
      drop: fc.nat({ max: 5 }),
      put: fc.constantFrom('', ',', '"', '[', ']', '\\', '\u0000', '9', '-', 'e99', '\ud800', '{"__proto__":'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('nest' as const), depth: fc.constantFrom(31, 33, 511, 513, 60_000) }) },
  { weight: 1, arbitrary: fc.constant<Mutation>({ kind: 'binary' }) },
);

/** Where a value is: the array or object that it is in, and under what. */
type Place = readonly [holder: Record<string, unknown>, key: string];

const placesIn = (value: unknown, places: Place[] = []): Place[] => {
  if (typeof value !== 'object' || value === null) return places;
  for (const [key, inner] of Object.entries(value)) {
    places.push([value as Record<string, unknown>, key]);
    placesIn(inner, places);
  }
  return places;
};

/** The text that is sent instead of the batch, or its bytes. */
export const mutated = (batch: Batch, change: Mutation): string | ArrayBuffer => {
  const text = JSON.stringify(batch);
  switch (change.kind) {
    case 'none':
      return text;
    case 'splice': {
      const at = change.at % (text.length + 1);
      return text.slice(0, at) + change.put + text.slice(at + change.drop);
    }
    case 'nest':
      return `[["m","say",${'['.repeat(change.depth)}${']'.repeat(change.depth)}]]`;
    case 'repeat':
      return JSON.stringify(Array.from({ length: change.times }, () => batch).flat());
    case 'binary':
      return new TextEncoder().encode(text).buffer as ArrayBuffer;
    default:
      return JSON.stringify(changed(JSON.parse(text) as unknown[], change));
  }
};

const changed = (batch: unknown[], change: Extract<Mutation, { kind: 'replace' | 'remove' | 'double' }>): unknown[] => {
  const places = placesIn(batch);
  const found = places[change.at % Math.max(places.length, 1)];
  if (found === undefined) return batch;
  const [holder, key] = found;
  if (change.kind === 'replace') holder[key] = change.by;
  else if (!Array.isArray(holder)) delete holder[key];
  else holder.splice(Number(key), change.kind === 'remove' ? 1 : 0, ...(change.kind === 'double' ? [holder[Number(key)]] : []));
  return batch;
};
