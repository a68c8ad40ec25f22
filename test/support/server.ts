/**
 * A server on a free port of the loopback interface, with what a test wants to see of it: its log, its store, its sessions as they come and
 * go. `withServer` also closes it, whatever happens in the test.
 *
 *     test('a guest starts', withServer({ guests: true }, async ({ url, sessionOf }) => { ... }));
 */

import { memory } from '../../adapters/stores/memory.js';
import type { SessionStore } from '../../machines/ports/store.js';
import { type Client, createClient } from '../../src/client/index.node.js';
import type { ClientOptions } from '../../src/client/options.js';
import type { EndReason, Logger, ServerOptions, ServerSession, Unconfirmed } from '../../src/server/index.js';
import { SessionServer } from '../../src/server/server.js';
import { until } from './until.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A log that is kept. `text` has everything that a line would print, errors with their messages and causes. */
export const keptLog = () => {
  const lines: LogLine[] = [];
  const level =
    (name: LogLine['level']): Logger['info'] =>
    (fields, message) =>
      void lines.push({ level: name, fields: fields as LogLine['fields'], message });
  const logger: Logger = { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') };
  const printable = (_: string, value: unknown): unknown =>
    value instanceof Error ? { name: value.name, message: value.message, stack: value.stack, cause: value.cause } : value;
  return {
    lines,
    logger,
    text: () => lines.map((line) => JSON.stringify(line, printable)).join('\n'),
    with: (part: string) => lines.filter(({ message }) => message.includes(part)),
  };
};

export interface EndedSession {
  readonly session: ServerSession;
  readonly reason: EndReason;
  readonly unconfirmed: readonly Unconfirmed[];
}

export interface TestServer {
  readonly server: SessionServer;
  readonly url: string;
  readonly port: number;
  readonly log: ReturnType<typeof keptLog>;
  readonly store: SessionStore;
  /** Sessions in the order of their events. */
  readonly sessions: ServerSession[];
  readonly ended: EndedSession[];
  /** The latest session of a user, once it is there. */
  sessionOf(username: string): Promise<ServerSession>;
  /** How a session ended, once it has. */
  endOf(id: string): Promise<EndedSession>;
  /** A client of this server, which is ended with it. */
  client(options?: Partial<ClientOptions>): Client;
  close(): Promise<void>;
}

export const startServer = async (options: ServerOptions = {}): Promise<TestServer> => {
  const log = keptLog();
  const store = options.store ?? memory();
  const server = new SessionServer({ guests: true, resumeWindowMs: 0, logger: log.logger, ...options, store });
  const sessions: ServerSession[] = [];
  const ended: EndedSession[] = [];
  const clients: Client[] = [];
  server.on('session', (session) => void sessions.push(session));
  server.on('ended', (session, how) => void ended.push({ session, ...how }));
  const { url, port } = await server.listen(0, { host: '127.0.0.1' });
  return {
    server,
    url,
    port,
    log,
    store,
    sessions,
    ended,
    sessionOf: (username) => until(() => sessions.filter(({ user }) => user.name === username).at(-1), `${username} has a session`),
    endOf: (id) => until(() => ended.find(({ session }) => session.id === id), `the session ${id} has ended`),
    client: (more = {}) => {
      const client = createClient({ url, ...more });
      clients.push(client);
      return client;
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.endSession()));
      await server.close();
    },
  };
};

/** A test with a server of its own. */
export const withServer =
  (options: ServerOptions, run: (test: TestServer) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const test = await startServer(options);
    try {
      await run(test);
    } finally {
      await test.close();
    }
  };

/** What a start gives, where it is to succeed. */
export const started = async (client: Client, username: string, more: Record<string, unknown> = {}) => {
  const result = await client.startSession({ username, ...more });
  if (result.failed) throw result.error;
  return result.session;
};

/** What is inside a result that is to be one. */
export const found = async <Result extends { readonly failed: boolean; readonly error?: Error }>(
  result: Promise<Result>,
): Promise<Extract<Result, { readonly succeeded: true }>> => {
  const settled = await result;
  if (settled.failed) throw settled.error;
  return settled as Extract<Result, { readonly succeeded: true }>;
};
