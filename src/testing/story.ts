import { centresOf, crossing, row } from './story-row.js';

/** How much of a story is kept, the latest of it: more than anybody reads of a failing test. */
const tellingsMax = 2_000;
/** How much of a payload is shown, in UTF-16 units: enough to know it by. */
const payloadMax = 60;

/** Who acts in a story: a client by its number, from 0, the server, or what is between them all. */
export type Actor = number | 'server' | 'network';

/** What a message is known by. */
export interface Said {
  readonly way: 'up' | 'down';
  readonly sessionId: string;
  readonly type: string;
  readonly payload: unknown;
}

type Telling =
  | { readonly kind: 'note'; readonly at: number; readonly who: Actor; readonly text: string }
  | { readonly kind: 'sent'; readonly at: number; readonly said: Said; handledAt: number | null }
  | { readonly kind: 'handled'; readonly at: number; readonly said: Said; readonly sentAt: number | null };
type Sent = Extract<Telling, { kind: 'sent' }>;

const keyOf = ({ way, sessionId, type, payload }: Said): string => JSON.stringify([way, sessionId, type, payload]);

const shown = ({ type, payload }: Said): string => {
  const text = JSON.stringify(payload) ?? '';
  return `${type} ${text.length > payloadMax ? `${text.slice(0, payloadMax)}…` : text}`;
};

/** What happens in a world, as it happens; `toString` draws it as a sequence diagram. */
export class Story {
  readonly #now: () => number;
  readonly #tellings: Telling[] = [];
  #forgotten = 0;
  /** What was sent and is not handled, oldest first, by what it is known by. */
  readonly #open = new Map<string, Sent[]>();
  readonly #names: string[] = [];
  readonly #clientOf = new Map<string, number>();

  /** `now`: milliseconds since the world began. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Another client is there: gives its number. */
  client(): number {
    return this.#names.push(`client ${this.#names.length + 1}`) - 1;
  }

  /** A client has a session, and its user's name. */
  session(client: number, sessionId: string, username: string): void {
    this.#clientOf.set(sessionId, client);
    this.#names[client] = username;
  }

  note(who: Actor, text: string): void {
    this.#tell({ kind: 'note', at: this.#now(), who, text });
  }

  sent(said: Said): void {
    const telling: Sent = { kind: 'sent', at: this.#now(), said, handledAt: null };
    const key = keyOf(said);
    const alike = this.#open.get(key);
    if (alike === undefined) this.#open.set(key, [telling]);
    else alike.push(telling);
    this.#tell(telling);
  }

  handled(said: Said): void {
    const at = this.#now();
    const sent = this.#close(keyOf(said));
    if (sent !== undefined) sent.handledAt = at;
    // What is handled at the moment of its sending is one line.
    if (sent?.at !== at) this.#tell({ kind: 'handled', at, said, sentAt: sent?.at ?? null });
  }

  /** Its lines, the last `linesMax` of them. */
  toString(linesMax = tellingsMax): string {
    const lanes = [...this.#names.map((name, n) => (this.#names.indexOf(name) === n ? name : `${name} (${n + 1})`)), 'server'];
    const centres = centresOf(lanes);
    const left = this.#tellings.slice(-linesMax);
    const forgotten = this.#forgotten + this.#tellings.length - left.length;
    const head =
      `${'ms'.padStart(timeWidth)}  ${lanes.map((name, n) => name.padEnd((centres[n + 1] ?? 0) - (centres[n] ?? 0))).join('')}`.trimEnd();
    const lines = left.map((telling) => `${timeOf(telling.at)}  ${this.#draw(telling, centres)}`);
    return [head, ...(forgotten > 0 ? [`${''.padStart(timeWidth)}  … ${forgotten} before`] : []), ...lines].join('\n');
  }

  #tell(telling: Telling): void {
    this.#tellings.push(telling);
    if (this.#tellings.length <= tellingsMax) return;
    const forgotten = this.#tellings.shift();
    if (forgotten?.kind === 'sent' && forgotten.handledAt === null) this.#close(keyOf(forgotten.said));
    this.#forgotten += 1;
  }

  /** Take the oldest of those that are alike. */
  #close(key: string): Sent | undefined {
    const alike = this.#open.get(key);
    const sent = alike?.shift();
    if (alike?.length === 0) this.#open.delete(key);
    return sent;
  }

  #draw(telling: Telling, centres: readonly number[]): string {
    const server = centres.length - 1;
    if (telling.kind === 'note') {
      const { who, text } = telling;
      if (who === 'network') return row(centres, null, `~ ${text}`);
      return row(centres, { lane: who === 'server' ? server : who }, text);
    }
    const { said } = telling;
    const client = this.#clientOf.get(said.sessionId);
    // Its client is not known yet, or never was.
    const [from, to] = said.way === 'up' ? [client ?? server, server] : [server, client ?? server];
    if (telling.kind === 'handled')
      return row(
        centres,
        crossing(from, to, 'arrives'),
        `${shown(said)}  (${telling.sentAt === null ? 'again' : `sent at ${timeOf(telling.sentAt).trim()}`})`,
      );
    const isOnce = telling.handledAt === telling.at;
    const fate = isOnce ? '' : telling.handledAt === null ? '  (not handled)' : `  (handled at ${timeOf(telling.handledAt).trim()})`;
    return row(centres, crossing(from, to, isOnce ? 'at once' : 'leaves'), `${shown(said)}${fate}`);
  }
}

/** Room for a day in milliseconds, with its commas. */
const timeWidth = 11;
const timeOf = (at: number): string => Math.round(at).toLocaleString('en-US').padStart(timeWidth);
