/** A process with the shipped server in it. */
import type { SessionStore } from '../../../machines/ports/store.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import type { Conversation } from '../../../src/stream/conversation.js';
import type { Account, Content } from './accounts.js';
import type { ShippedConfiguration } from './configuration.js';
import { Life, type Time, type Timer } from './life.js';
import { gated, type StoreGate, type StoreOwner } from './store.js';
import { serverMs } from './timers.js';

/** A server whose fields are open: see bundle.ts. */
interface Opened {
  readonly server$turns: { readonly turns$retry: unknown } | null;
  readonly keeper: { readonly session_keeper$owed: { readonly owed_writes$retry: unknown } };
}

export interface Process {
  readonly server: SessionServer;
  readonly life: Life;
  readonly gate: StoreGate;
  /** The sessions that are active. */
  sessions(): readonly LiveSession[];
  conversations(): readonly Conversation[];
  /** Does it wait for the next time that a failing store is asked? */
  isStoreRetry(timer: Timer): boolean;
}

export interface ProcessParts {
  readonly configuration: ShippedConfiguration;
  readonly time: Time;
  readonly account: Account;
  readonly store: SessionStore;
  readonly storeOwner: StoreOwner;
}

const never = new Promise<never>(() => undefined);

const noBytes = (): never => {
  throw new Error('A server draws nothing from its host.');
};

export const startProcess = ({ configuration, time, account, store, storeOwner }: ProcessParts): Process => {
  const life = new Life(time, noBytes);
  const gate = gated(store, life, storeOwner);
  const server = new SessionServer({
    store: gate.store,
    host: life.host,
    logger: false,
    guests: true,
    authenticate: async () => ({}),
    limits: { window: configuration.window, admissionsPerSecond: 1_000 },
    pingEveryMs: serverMs.ping,
    helloTimeoutMs: serverMs.hello,
    confirmWithinMs: serverMs.confirm,
    resumeWindowMs: serverMs.window,
    endDeadlineMs: serverMs.end,
    presenceGraceMs: serverMs.presence,
    handlerTimeoutMs: serverMs.handler,
    requestTimeoutMs: serverMs.request,
  });
  server.on('session', (session) => {
    session.on('m', (payload, info) => {
      if (info.volatile) return life.does() && account.heard(payload as unknown as Content);
      return life.does() ? account.handle(payload as unknown as Content, info) : never;
    });
    session.onRequest('q', (payload, info) =>
      life.does() ? account.handle(payload as unknown as Content, info).then(() => payload) : never,
    );
  });
  server.on('ended', (_, { unconfirmed }) => life.isAlive && account.back(unconfirmed));
  server.on('handedBack', (_, message) => life.isAlive && account.back([message]));
  // As listening does.
  void server.opened();
  const sessions = (): readonly LiveSession[] => [...server.keeper.live.all()];
  const { server$turns: turns, keeper } = server as unknown as Opened;
  return {
    server,
    life,
    gate,
    sessions,
    conversations: () => sessions().map(({ conversation }) => conversation),
    isStoreRetry: (timer) => turns?.turns$retry === timer || keeper.session_keeper$owed.owed_writes$retry === timer,
  };
};
