/** The server of a life, which is stopped, killed and started again on the same store. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VirtualHost } from '../../../adapters/hosts/virtual.js';
import { memory } from '../../../adapters/stores/memory.js';
import { sqlite } from '../../../adapters/stores/sqlite.js';
import type { ServerOptions } from '../../../src/server/index.js';
import { SessionServer } from '../../../src/server/server.js';
import type { LiveSession } from '../../../src/server/session.js';
import { DatabaseSync } from '../../adapters/stores/sqlite/scratch.js';
import { keptLog } from '../../support/server.js';
import type { Fate } from './fate.js';
import type { Ledger, Sent } from './ledger.js';
import { type Mortal, mortal, slowStore } from './mortal.js';
import type { SimulatedNetwork } from './network.js';
import type { Payload, Talk } from './talk.js';

export interface House {
  readonly server: SessionServer;
  readonly log: ReturnType<typeof keptLog>;
  /** How many timers it has running. */
  readonly timers: number;
  /** May what was handled be handled again? */
  readonly mayRepeat: boolean;
  /** Can nothing be written? */
  isFailing: boolean;
  stop(how: 'restart' | 'drain' | 'crash'): Promise<void>;
  /** For good. */
  close(): Promise<void>;
  remove(): Promise<void>;
}

/** How long an authentication holds where it ends, in milliseconds. */
const authenticatedMs = 8_000;
/** Longer than a server takes to close, in milliseconds of its time. */
const closedWithinMs = 15_000;

export interface HouseParts {
  readonly fate: Fate;
  readonly host: VirtualHost;
  readonly network: SimulatedNetwork;
  readonly ledger: Ledger;
  readonly talk: Talk;
  tell(what: string): void;
  /** To name its file by. */
  readonly seed: number;
}

export const houseOf = ({ fate, host, network, ledger, talk, tell, seed }: HouseParts): House => {
  const { random, upTo, oneOf, durable, expires, window, buffer } = fate;
  const file = join(tmpdir(), `ninelives-life-${process.pid}-${seed}.db`);
  const storeDelayMs = random() < 0.5 ? 0 : upTo(60);
  const authenticatesInMs = upTo(300);
  const options: ServerOptions = {
    guests: true,
    resumeWindowMs: oneOf([60_000, 60_000, 60_000, 4_000]),
    helloTimeoutMs: 3_000,
    confirmWithinMs: 3_000,
    handlerTimeoutMs: 400,
    limits: { messageSize: 10_000, window, buffer },
    sessionsPerUser: oneOf(['many', 'newest'] as const),
  };
  const log = keptLog();
  const store = durable ? null : memory();
  /** What the sessions sent that was written. */
  const written = new Set<number>();
  let mayRepeat = false;
  let isFailing = false;
  const start = (): { readonly server: SessionServer; readonly life: Mortal; end(): void } => {
    const mine = mortal(host);
    const db = durable ? new DatabaseSync(file) : null;
    const inner = db === null ? (store ?? memory()) : sqlite(file, { driver: db });
    const made = new SessionServer({
      ...options,
      logger: log.logger,
      host: mine.host,
      store: slowStore(inner, mine, {
        delayMs: () => (storeDelayMs === 0 ? 0 : upTo(storeDelayMs)),
        isFailing: () => isFailing,
        written: (turns) => {
          for (const { part } of turns)
            for (const { item } of part?.body.entries ?? [])
              if (item.kind === 'message') written.add((JSON.parse(item.payload) as Payload).n);
        },
      }),
      authenticate: async ({ authParams }) => {
        await new Promise<void>((resolve) => mine.host.clock.setTimeout(resolve, authenticatesInMs));
        if (authParams.password !== 'right') return false;
        return expires ? { expiresAt: host.clock.wall() + authenticatedMs } : undefined;
      },
    });
    made.on('session', (session, { recovered }) => {
      if (!mine.isAlive) return;
      if (recovered) ledger.recovered(session.id);
      talk.equip(session as LiveSession, 'down', mine);
    });
    made.on('ended', (session, { reason, unconfirmed }) => {
      if (!mine.isAlive) return;
      tell(`server: ${session.user.name}'s session ended: ${reason}, ${unconfirmed.length} unconfirmed`);
      talk.handedBack(unconfirmed);
    });
    made.on('handedBack', (_, message) => {
      if (mine.isAlive) talk.handedBack([message]);
    });
    network.serve((socket, request) => made.accept(socket, request));
    // As listening does: the store is opened, and what it kept waits for its clients.
    void made.users.list();
    return {
      server: made,
      life: mine,
      end: () => {
        mine.die();
        db?.close();
      },
    };
  };
  const isOpen = ({ status, answer }: Sent): boolean => answer === null && (status === null || status === 'unknown');
  /** What its process took with it. */
  const mourn = (): void => {
    mayRepeat ||= durable;
    ledger.died();
    for (const [n, sent] of ledger.all().entries())
      if (durable && sent.direction === 'down' && sent.fate === 'known' && isOpen(sent))
        sent.fate = written.has(n) ? 'died' : 'died unwritten';
  };

  let current = start();
  const closed = async (closing: Promise<void>): Promise<void> => {
    await host.advance(closedWithinMs);
    await closing;
    mourn();
  };
  return {
    get server() {
      return current.server;
    },
    log,
    get timers() {
      return current.life.timers;
    },
    get mayRepeat() {
      return mayRepeat;
    },
    get isFailing() {
      return isFailing;
    },
    set isFailing(is) {
      isFailing = is;
    },
    stop: async (how) => {
      tell(how);
      const { server, end } = current;
      if (how === 'crash') {
        mourn();
        network.serve(null);
      } else await closed(how === 'drain' ? server.drain({ withinMs: 2_000 }) : server.close());
      end();
      network.cut(['client'], how !== 'crash');
      if (random() < 0.5) {
        network.serve(null);
        await host.advance(upTo(3_000));
      }
      current = start();
    },
    close: () => closed(current.server.close()),
    remove: async () => {
      current.end();
      if (durable) await Promise.all(['', '-wal', '-shm'].map((part) => rm(file + part, { force: true })));
    },
  };
};
