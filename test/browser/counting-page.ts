/** A page that counts up to the server and keeps what it hears of the server's count, both in its tab, so that a test can add up what its loads had. */
import { type Client, createClient } from '../../src/client/index.browser.js';

/** What a page's handler was given: a number, and whether it may have been handled before. */
export type Heard = readonly [n: number, redelivered: boolean];

export interface Counting {
  readonly kitty: Client;
  readonly sessionId: string;
  readonly resumed: boolean;
  /** Count on, one in so many milliseconds; 0: not any more. */
  count(everyMs: number): void;
  /** The last number that was sent. */
  sent(): number;
  heard(): readonly Heard[];
  events: string[];
}

declare global {
  interface Window {
    counting: Promise<Counting>;
    /** Set by a test before the page is there. */
    readonly address?: string;
  }
}

const stored = <A>(key: string, otherwise: A): A => JSON.parse(sessionStorage.getItem(key) ?? 'null') ?? otherwise;
const store = (key: string, value: unknown): void => sessionStorage.setItem(key, JSON.stringify(value));

const begin = async (): Promise<Counting> => {
  const query = new URLSearchParams(location.search);
  // What a duplicate finds in its tab is the count of another.
  if (query.has('fresh')) for (const key of ['sent', 'heard']) sessionStorage.removeItem(key);
  const kitty = createClient({
    url: `ws://${location.host}/`,
    persist: 'tab',
    handlers: { down: (n, { redelivered }) => store('heard', [...stored<Heard[]>('heard', []), [n as number, redelivered]]) },
  });
  const events: string[] = [];
  for (const name of ['active', 'lost', 'resumed', 'gap', 'ended'] as const) kitty.on(name, () => events.push(name));
  const result = await kitty.startSession({ username: query.get('user') ?? 'jane' });
  if (result.failed) throw result.error;
  const { session, resumed } = result;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    kitty,
    sessionId: session.id,
    resumed,
    events,
    sent: () => stored('sent', 0),
    heard: () => stored('heard', []),
    count: (everyMs) => {
      clearInterval(timer);
      if (everyMs === 0) return;
      timer = setInterval(() => {
        const next = stored('sent', 0) + 1;
        // In one task with its number's: a page goes between tasks, and not within one.
        if (session.send('up', next).accepted) store('sent', next);
      }, everyMs);
    },
  };
};

window.counting = begin();
