/** A well-behaved session beside the attack: every message comes back to it, once and in order, and soon. */
import { createClient } from '../../src/client/index.node.js';
import { judge, quantile, type Verdict } from '../faults/ledger.js';
import { until } from '../support/until.js';

/** How often it says something, in milliseconds: as a busy user's app does. */
const SAY_EVERY_MS = 10;

export interface BystanderReport extends Pick<Verdict, 'sent' | 'lost' | 'doubled' | 'reordered'> {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly worstMs: number;
  /** What it noticed: its link was lost, its session ended or began anew. */
  readonly noticed: readonly string[];
}

export interface Bystander {
  /** What came since it was asked last, with what is under way awaited. */
  report(): Promise<BystanderReport>;
  leave(): Promise<void>;
}

export const startBystander = async (url: string, apiKey?: string): Promise<Bystander> => {
  const client = createClient({ url, ...(apiKey === undefined ? {} : { apiKey }) });
  const started = await client.startSession({ username: 'bystander' });
  if (started.failed) throw started.error;
  const { session } = started;
  let noticed: string[] = [];
  for (const event of ['lost', 'gap', 'ended'] as const) client.on(event, () => void noticed.push(event));
  let sent: number[] = [];
  let back: number[] = [];
  let times: number[] = [];
  const sentAt = new Map<number, number>();
  let number = 0;
  session.on('said', (n: unknown) => {
    const at = sentAt.get(n as number);
    if (at !== undefined) times.push(performance.now() - at);
    back.push(n as number);
  });
  const say = (): void => {
    const n = number + 1;
    const at = performance.now();
    if (!session.send('say', n).accepted) {
      noticed.push('refused');
      return;
    }
    number = n;
    sent.push(n);
    sentAt.set(n, at);
  };
  let timer = setInterval(say, SAY_EVERY_MS);
  return {
    report: async () => {
      clearInterval(timer);
      await until(() => new Set(back).size >= sent.length, 'all came back').catch(() => undefined);
      const { lost, doubled, reordered } = judge({ sent, handled: back.map((n) => ({ number: n, redelivered: false })) });
      const report = {
        sent: sent.length,
        lost,
        doubled,
        reordered,
        p50Ms: quantile(times, 0.5),
        p99Ms: quantile(times, 0.99),
        worstMs: Math.max(0, ...times),
        noticed,
      };
      [sent, back, times, noticed] = [[], [], [], []];
      sentAt.clear();
      timer = setInterval(say, SAY_EVERY_MS);
      return report;
    },
    leave: async () => {
      clearInterval(timer);
      await client.endSession();
    },
  };
};
