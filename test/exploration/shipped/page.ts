/** A page with the shipped client in it. */
import type { VirtualTab } from '../../../adapters/hosts/virtual-tab.js';
import { ninelivesTransport } from '../../../adapters/transports/ninelives.js';
import type { Tab } from '../../../machines/ports/host.js';
import { SessionClient } from '../../../src/client/client.js';
import type { Conversation } from '../../../src/stream/conversation.js';
import type { Account, Content } from './accounts.js';
import type { ShippedConfiguration } from './configuration.js';
import { Life, type Time } from './life.js';
import type { Network } from './network.js';
import { clientMs } from './timers.js';

/** A client whose fields are open: see bundle.ts. */
interface Opened {
  readonly client$keeping: { readonly restored: { readonly conversation: Conversation } | null } | null;
}

export interface Page {
  readonly client: SessionClient;
  readonly life: Life;
  /** How its start ended; null: it has not. */
  started(): 'succeeded' | 'failed' | null;
  start(): void;
  /** The stream that it goes on with. */
  conversation(): Conversation | null;
  unload(): void;
}

export interface PageParts {
  readonly configuration: ShippedConfiguration;
  readonly time: Time;
  readonly network: Network;
  readonly tab: VirtualTab;
  readonly account: Account;
  randomBytes(length: number): Uint8Array;
}

/** Each thing that it writes is one that others see. */
const mortalTab = (tab: Tab, life: Life): Tab => ({
  ...tab,
  storage: {
    ...tab.storage,
    set: (key, text) => life.does() && tab.storage.set(key, text),
    remove: (key) => void (life.does() && tab.storage.remove(key)),
  },
});

const never = new Promise<void>(() => undefined);

export const openPage = ({ configuration, time, network, tab, account, randomBytes }: PageParts): Page => {
  const loaded = tab.load();
  const life: Life = new Life(time, randomBytes, () => mortalTab(loaded, life));
  const transport = ninelivesTransport({ openSocket: network.openFor(life), host: life.host });
  const client = new SessionClient(
    {
      transport,
      handlers: {
        m: (payload: unknown, info) => {
          if (info.volatile) return life.does() && account.heard(payload as Content);
          return life.does() ? account.handle(payload as Content, info) : never;
        },
      },
      persist: configuration.persists ? 'tab' : undefined,
      window: configuration.window,
      startDeadlineMs: clientMs.startDeadline,
      endDeadlineMs: clientMs.endDeadline,
      helloTimeoutMs: clientMs.hello,
      requestTimeoutMs: clientMs.request,
      handlerTimeoutMs: clientMs.handler,
      retry: { baseMs: clientMs.retry, capMs: clientMs.retry },
    },
    life.host,
    transport,
  );
  client.on('gap', ({ unconfirmed }) => life.isAlive && account.back(unconfirmed));
  client.on('ended', ({ unconfirmed }) => life.isAlive && account.back(unconfirmed));
  client.on('handedBack', (message) => life.isAlive && account.back([message]));
  // As it was to: a client whose app does not listen says so on its console.
  client.on('handlerFailed', () => undefined);
  let settled: 'succeeded' | 'failed' | null = null;
  return {
    client,
    life,
    started: () => settled,
    start: () => {
      settled = null;
      void client.startSession({ username: 'jane' }).then(({ succeeded }) => {
        settled = succeeded ? 'succeeded' : 'failed';
      });
    },
    conversation: () => client.session?.conversation ?? (client as unknown as Opened).client$keeping?.restored?.conversation ?? null,
    unload: () => {
      life.die();
      loaded.unload();
    },
  };
};
