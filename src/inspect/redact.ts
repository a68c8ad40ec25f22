/**
 * The second fence around secrets. The first is that none enters the machine; this one sees to it that nothing that looks like one leaves
 * for a viewer, whatever an app may have put into a user's properties.
 */

/** What takes a secret's place. */
export const redacted = '[redacted]';

/** How deep a viewer looks: the machine's definition is nine deep. */
const depthMax = 12;

/** Names of fields whose values are nobody's business. */
const secretName = /token|secret|password|passphrase|credential|authorization|authparams|api-?_?key|cookie|jwt/i;

/** A copy of plain data without secrets: fields with telling names are replaced, functions named, cycles and depths cut. */
export const withoutSecrets = (value: unknown, depth = 0, above: readonly object[] = []): unknown => {
  if (typeof value === 'function') return { type: value.name };
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? value.toString() : value;
  if (depth >= depthMax || above.includes(value)) return '[cut]';
  const inside = [...above, value];
  if (Array.isArray(value)) return value.map((item) => withoutSecrets(item, depth + 1, inside));
  if (value instanceof Error) return { name: value.name, message: value.message };
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      secretName.test(name) && field !== null && field !== undefined ? redacted : withoutSecrets(field, depth + 1, inside),
    ]),
  );
};

interface Inspected {
  readonly type: string;
  readonly snapshot?: unknown;
  readonly definition?: string;
}

/**
 * An event of the Stately Inspector as it may leave. `definition`, the machine as text, holds the initial context, which no sanitizer of
 * the inspector touches: it is taken out. Of a live snapshot, what a viewer shows is kept.
 */
export const fitToLeave = <E extends Inspected>(event: E): E => {
  const { definition, snapshot } = event;
  return withoutSecrets({
    ...event,
    ...(snapshot === undefined ? {} : { snapshot: shown(snapshot) }),
    ...(definition === undefined ? {} : { definition: withoutContext(definition) }),
  }) as E;
};

const shown = (snapshot: unknown): unknown => {
  if (typeof snapshot !== 'object' || snapshot === null) return snapshot;
  const { status, value, context, output } = snapshot as Record<string, unknown>;
  return { status, value, context, output };
};

const withoutContext = (definition: string): string => {
  try {
    const { context, ...rest } = JSON.parse(definition) as Record<string, unknown>;
    return JSON.stringify(withoutSecrets(rest));
  } catch {
    // What is not JSON can not be searched: it does not leave.
    return '{}';
  }
};
