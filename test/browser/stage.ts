/** What the browser tests play on: the page as it is built, its server, a network between that can be cut, and tabs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { buildConsole } from '../../scripts/build-console.js';
import { createServer, type Server, type ServerOptions } from '../../src/server/index.js';
import { PATIENCE_MS } from '../support/browser.js';
import { type PageServer, startPageServer } from '../support/page-server.js';
import { type FaultProxy, startProxy } from '../support/proxy.js';

/** What the tests' server lets in besides guests. */
export const PASSWORD = 'demo';

/** A folder that goes again. */
export const temporaryFolder = async (): Promise<{ readonly path: string; remove(): Promise<void> }> => {
  const path = await mkdtemp(join(tmpdir(), 'ninelives-browser-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
};

/** A session server that says each `chat` to everyone, and doubles numbers on request. */
export const startChatServer = async (pages: PageServer, options: ServerOptions = {}): Promise<Server> => {
  const server = createServer({
    guests: true,
    logger: false,
    authenticate: ({ authParams }) => {
      if (authParams.password !== PASSWORD) throw new Error('The password is another one.');
    },
    ...options,
  });
  server.on('session', (session) => {
    session.on('chat', ({ text }) => {
      server.toEveryone().send('chat', { from: session.user.name, text, at: new Date().toISOString() });
    });
    session.onRequest('double', (number) => number * 2);
  });
  await server.attach(pages.http);
  return server;
};

/** One server with the page on it, and the proxy that the page is reached through. */
export interface Stage {
  readonly url: string;
  readonly server: Server;
  readonly proxy: FaultProxy;
  /** Another process takes the server's place: it knows nothing of its sessions. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export const startStage = async (folder: string, options: ServerOptions = {}): Promise<Stage> => {
  let pages = await startPageServer(folder);
  let server = await startChatServer(pages, options);
  const proxy = await startProxy({ target: { host: '127.0.0.1', port: pages.port } });
  const stop = async (): Promise<void> => {
    await server.close();
    await pages.close();
  };
  return {
    url: `http://127.0.0.1:${proxy.port}/`,
    proxy,
    get server() {
      return server;
    },
    restart: async () => {
      await stop();
      pages = await startPageServer(folder, pages.port);
      server = await startChatServer(pages, options);
    },
    close: async () => {
      await proxy.close();
      await stop();
    },
  };
};

/** The page, built once for a test file. */
export const buildPage = async (): Promise<Awaited<ReturnType<typeof temporaryFolder>>> => {
  const folder = await temporaryFolder();
  await buildConsole(folder.path);
  return folder;
};

/** A tab and what its console complained about. */
export interface Tab {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** A context without a history: the tabs of a test share nothing with those of another. */
export const openContext = async (browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> => {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
};

export const openTab = async (context: BrowserContext, url: string): Promise<Tab> => {
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(`${error.name}: ${error.message}`));
  await page.goto(url);
  return { page, complaints };
};
