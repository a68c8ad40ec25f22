/** The server that is attacked, in a process of its own, so that what it holds is its own; it takes orders over IPC. */
import { randomBytes } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { memory } from '../../adapters/stores/memory.js';
import { createServer, type ServerOptions } from '../../src/server/index.js';
import { usageNow } from '../faults/usage.js';
import { addressHeader, password } from './kit.js';

/** What a child is told at its start, as JSON: plain options of the server. */
export interface ServerSettings {
  readonly options?: Pick<
    ServerOptions,
    | 'apiKeys'
    | 'helloTimeoutMs'
    | 'confirmWithinMs'
    | 'resumeWindowMs'
    | 'pingEveryMs'
    | 'endDeadlineMs'
    | 'authenticateTimeoutMs'
    | 'limits'
  >;
  /** So many sessions have ended before anything is measured: what is remembered of them is full. */
  readonly formerSessions: number;
}

/** What the server holds, and what it did for those who attack it. */
export interface ServerFigures {
  readonly heapBytes: number;
  /** The most that the process had in memory since it was asked last, sampled. */
  readonly peakBytes: number;
  readonly handles: number;
  readonly sessions: number;
  /** Messages and requests of attackers that a handler saw. */
  readonly handled: number;
  /** Lines of the log, but those for debugging. */
  readonly logLines: number;
  readonly loopP99Ms: number;
  /** Something was put on `Object.prototype`. */
  readonly polluted: boolean;
}

export type ServerOrder = { readonly ask: number } | { readonly close: true };
export type ServerTold =
  | { readonly port: number }
  | { readonly failed: string }
  | { readonly answer: number; readonly figures: ServerFigures };

/** How often the process looks at what it has in memory, in milliseconds: short beside the seconds that an attack lasts. */
const SAMPLE_MS = 20;

/** A text like that of an id or of a hash. */
const unguessable = (): string => randomBytes(32).toString('base64url');

const serve = (settings: ServerSettings): void => {
  const tell = (told: ServerTold): void => void process.send?.(told);
  let logLines = 0;
  const nothing = (): void => undefined;
  const counted = (): void => {
    logLines += 1;
  };
  const store = memory();
  const server = createServer({
    guests: true,
    logger: { debug: nothing, info: counted, warn: counted, error: counted },
    addressOf: ({ headers }) => headers[addressHeader],
    authenticate: ({ authParams }) => {
      if (authParams.password !== password) throw new Error('wrong password');
    },
    ...settings.options,
    store,
  });
  let sessions = 0;
  let handled = 0;
  server.on('session', (session) => {
    sessions += 1;
    session.on('say', (payload) => void session.send('said', payload));
    session.on('evil', () => {
      handled += 1;
    });
    // A handler that takes as long as its session lives.
    session.on('slow', (_payload, { signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())));
    session.onRequest('mirror', (payload) => {
      handled += 1;
      return payload;
    });
    session.onRequest('never', (_payload, { signal }) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())));
    session.on('feed', (payload: { readonly count: number; readonly size: number }) => {
      const text = 'x'.repeat(payload.size);
      for (let n = 0; n < payload.count; n += 1) session.send('food', text);
    });
    session.on('ask', (payload: { readonly count: number }) => {
      for (let n = 0; n < payload.count; n += 1) void session.request('answer', n, { timeoutMs: 500 });
    });
  });
  server.on('ended', () => {
    sessions -= 1;
  });

  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  let peakBytes = 0;
  const sample = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const figures = (): ServerFigures => {
    const usage = usageNow();
    const value = {
      ...usage,
      peakBytes: Math.max(peakBytes, process.memoryUsage.rss()),
      sessions,
      handled,
      logLines,
      loopP99Ms: loop.percentile(99) / 1e6,
      polluted: Object.keys(Object.prototype).length > 0 || 'polluted' in {},
    };
    loop.reset();
    peakBytes = 0;
    return value;
  };
  process.on('message', (order: ServerOrder) => {
    if ('ask' in order) tell({ answer: order.ask, figures: figures() });
    else {
      clearInterval(sample);
      void server.close().then(() => process.disconnect());
    }
  });
  process.on('disconnect', () => process.exit());

  const begin = async (): Promise<void> => {
    const { port } = await server.listen(0, { host: '127.0.0.1' });
    for (let n = 0; n < settings.formerSessions; n += 1) {
      // As large as one of an attacker's, or the heap would grow where one takes the place of another.
      const session = { id: unguessable(), tokenHash: unguessable(), userAgent: null, terms: null };
      await store.admit({ username: `former-${n}`, as: 'guest', profile: {}, session, now: Date.now() })();
      await store.endSession({ id: session.id, reason: 'ended', now: Date.now() })();
    }
    tell({ port });
  };
  begin().catch((error: Error) => tell({ failed: error.message }));
};

serve(JSON.parse(process.argv[2] ?? '{}') as ServerSettings);
