/** Clients of the library itself, each as an app has it, in a process that does little else: what they measure is the server's, not the crowd's. */
import type * as Library from '../../src/client/index.node.js';
import { answerOrders } from './orders.js';
import { type Times, TimesKept } from './times.js';

export interface AppsSettings {
  /** The module `ninelives`. */
  readonly module: string;
  readonly port: number;
  readonly count: number;
  /** Messages a second of each. */
  readonly perSecond: number;
}

export interface AppsFigures {
  readonly echoes: Times;
  readonly said: number;
  /** Said, and neither heard back nor out of order. */
  readonly outstanding: number;
  readonly active: number;
  /** How often one of them was without its link. */
  readonly lost: number;
  readonly newsLast: number;
  readonly problems: readonly string[];
}

export type AppsOrders = {
  figures(given: null): AppsFigures;
  /** From now on; or no more. */
  talk(given: { readonly on: boolean }): void;
  /** Nothing is expected of the server any more: it goes. */
  end(given: null): Promise<void>;
};

const SECOND_MS = 1_000;
/** Problems that are told; one tells as much as a thousand. */
const PROBLEMS_MAX = 20;

const echoes = new TimesKept();
const clients: Library.Client[] = [];
const outstanding = new Map<Library.Client, number>();
const newsLast = new Map<Library.Client, number>();
let problems: string[] = [];
let [said, lost, next] = [0, 0, 0];
let isTalking = false;

const problem = (what: string): void => {
  if (problems.length < PROBLEMS_MAX) problems.push(what);
};

const begin = async ({ module, port, count, perSecond }: AppsSettings): Promise<void> => {
  const { createClient } = (await import(module)) as typeof Library;
  for (let index = 0; index < count; index += 1) {
    const client = createClient({ url: `ws://127.0.0.1:${port}`, apiKey: 'capacity' });
    client.on('lost', () => {
      lost += 1;
    });
    client.on('gap', () => problem('a session of the library began anew'));
    const { session, error } = await client.startSession({ username: `app ${index}` });
    if (session === undefined) throw error;
    let [sent, heard, news] = [0, 0, -1];
    session.on('said', ({ n, at }: { readonly n: number; readonly at: number }) => {
      if (n !== heard + 1) problem(`the echo of ${n} followed on that of ${heard}`);
      heard = n;
      outstanding.set(client, sent - heard);
      echoes.add(performance.now() - at);
    });
    session.on('news', ({ n }: { readonly n: number }) => {
      if (news >= 0 && n !== news + 1) problem(`news ${n} followed on ${news}`);
      news = n;
      newsLast.set(client, n);
    });
    clients.push(client);
    const say = (): void => {
      sent += 1;
      said += 1;
      outstanding.set(client, sent - heard);
      const result = session.send('say', { n: sent, at: performance.now() });
      if (!result.accepted) problem(`a message was refused: ${result.error.code}`);
    };
    says.push(say);
  }
  setInterval(
    () => {
      if (!isTalking) return;
      says[next % says.length]?.();
      next += 1;
    },
    SECOND_MS / (count * perSecond),
  );
};
const says: (() => void)[] = [];

answerOrders({
  begin,
  talk: ({ on }: { readonly on: boolean }) => {
    isTalking = on;
  },
  figures: (): AppsFigures => {
    const figures = {
      echoes: echoes.take(),
      said,
      outstanding: [...outstanding.values()].reduce((sum, one) => sum + one, 0),
      active: clients.filter((client) => client.getSnapshot().status === 'active').length,
      lost,
      newsLast: Math.min(...clients.map((client) => newsLast.get(client) ?? -1)),
      problems,
    };
    problems = [];
    said = 0;
    return figures;
  },
  end: async () => {
    await Promise.all(clients.map((client) => client.endSession()));
  },
});
