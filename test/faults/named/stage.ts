/** A real server, a real client and the fault proxy between them. Numbered messages go both ways, and what is said of each is compared with what was. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { memory } from '../../../adapters/stores/memory.js';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import type { Client, Session } from '../../../src/client/index.node.js';
import type { ClientOptions } from '../../../src/client/options.js';
import type { ServerOptions, ServerSession } from '../../../src/server/index.js';
import type { Confirmation, SendResult } from '../../../src/stream/sent.js';
import { type FaultProxy, startProxy } from '../../support/proxy.js';
import { started, startServer, type TestServer } from '../../support/server.js';
import { until, within } from '../../support/until.js';

export type StoreName = 'memory' | 'sqlite';
export const stores: readonly StoreName[] = ['memory', 'sqlite'];

/** Longer than a client takes to notice that it is alone, in milliseconds. */
const noticedWithinMs = 15_000;

type Talker = Pick<Session, 'send' | 'on'>;

/** One direction: what was sent in order, what became of each, and what was handled. */
class Numbered {
  readonly handled: number[] = [];
  #sent: Promise<Confirmation>[] = [];

  /** Send so many more. */
  send(from: Talker, count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const result: SendResult = from.send('number', this.#sent.length + 1);
      assert.ok(result.accepted, result.error?.message);
      if (result.accepted) this.#sent.push(result.confirmed);
    }
  }

  /** All were handled once and in order, and their sender was told so of each. */
  async isWhole(): Promise<void> {
    const statuses = await within(Promise.all(this.#sent), () => `${this.handled.length} of ${this.#sent.length}`, noticedWithinMs);
    assert.equal(
      this.handled,
      this.#sent.map((_, index) => index + 1),
    );
    assert.ok(statuses.every(({ status }) => status === 'handled'));
  }
}

export interface Stage extends Omit<TestServer, 'client'> {
  readonly proxy: FaultProxy;
  readonly kitty: Client;
  readonly session: Session;
  readonly far: ServerSession;
  readonly up: Numbered;
  readonly down: Numbered;
  /** So many more, each way. */
  say(count: number): void;
  /** Do this, and wait until the session was lost and goes on. */
  broken(act: () => unknown): Promise<void>;
  /** Nothing was lost, doubled or reordered, and each side knows. */
  isWhole(): Promise<void>;
}

export interface StageOptions {
  readonly server?: ServerOptions;
  readonly client?: Partial<ClientOptions>;
}

const storeAt = async (name: StoreName) => {
  if (name === 'memory') return { store: memory(), remove: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), 'ninelives-named-'));
  return { store: sqlite(join(folder, 'store.db')), remove: () => rm(folder, { recursive: true, force: true }) };
};

/** A test on a stage of its own. */
export const onStage =
  (name: StoreName, { server: serverOptions, client: clientOptions }: StageOptions, run: (stage: Stage) => Promise<void>) =>
  async (): Promise<void> => {
    const { store, remove } = await storeAt(name);
    const server = await startServer({ resumeWindowMs: 60_000, ...serverOptions, store });
    const proxy = await startProxy({ target: { host: '127.0.0.1', port: server.port } });
    const up = new Numbered();
    const down = new Numbered();
    server.server.on('session', (session) => void session.on('number', (n) => void up.handled.push(n)));
    const kitty = server.client({
      url: proxy.url,
      retry: { baseMs: 20, capMs: 100 },
      handlers: { number: (n) => void down.handled.push(n) },
      ...clientOptions,
    });
    try {
      const session = await started(kitty, 'jane');
      const far = await server.sessionOf('jane');
      await run({
        ...server,
        proxy,
        kitty,
        session,
        far,
        up,
        down,
        say: (count) => {
          up.send(session, count);
          down.send(far as unknown as Talker, count);
        },
        broken: async (act) => {
          const lost = new Promise<void>((resolve) => {
            const off = kitty.on('lost', () => {
              off();
              resolve();
            });
          });
          await act();
          await within(lost, 'the loss', noticedWithinMs);
          await until(() => kitty.getSnapshot().status === 'active', 'the session goes on');
        },
        isWhole: async () => {
          await Promise.all([up.isWhole(), down.isWhole()]);
          const { id, incarnation } = { id: session.id, incarnation: server.server.incarnation };
          assert.equal([id, incarnation, server.sessions.length], [far.id, 1, 1], 'it is the same session');
        },
      });
    } finally {
      proxy.dropHalfOpen();
      await server.close();
      await proxy.close();
      await remove();
    }
  };
