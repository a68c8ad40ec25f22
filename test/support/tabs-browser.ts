/**
 * A Chromium whose tabs are in one window, driven by its own protocol: a tab behind another one is hidden, and can be frozen. What Playwright drives is
 * always visible, and freezing does nothing there.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { chromiumFlags, chromiumPath } from './browser.js';
import { within } from './until.js';

/** How long a browser may take to start, in milliseconds. */
const LAUNCH_MS = 15_000;

export interface WindowTab {
  /** To the front: the others are hidden then. */
  activate(): Promise<void>;
  /** As a browser does with a tab that is long hidden: its scripts and timers stop, its sockets stay. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** What an expression comes to, awaited; plain data. */
  evaluate<A>(expression: string): Promise<A>;
}

export interface TabsBrowser {
  open(url: string): Promise<WindowTab>;
  close(): Promise<void>;
}

type Reply = { readonly id: number; readonly result?: Record<string, unknown>; readonly error?: { readonly message: string } };

const connect = async (url: string) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  socket.on('message', (data) => {
    const reply = JSON.parse(String(data)) as Reply;
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const ask = async (method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> => {
    last += 1;
    const id = last;
    const answer = new Promise<Reply>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    const { result = {}, error } = await within(answer, `the browser's answer to ${method}`, LAUNCH_MS);
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  return { ask, close: () => socket.close() };
};

export const launchTabs = async (): Promise<TabsBrowser> => {
  const profile = await mkdtemp(join(tmpdir(), 'ninelives-tabs-'));
  const child = spawn(
    chromiumPath(),
    ['--headless', ...chromiumFlags, '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let said = '';
  const address = new Promise<string>((resolve) => {
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
      const [, url] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
  const browser = await connect(await within(address, () => `the browser's address; it said: ${said}`, LAUNCH_MS));
  const { ask } = browser;
  return {
    open: async (url) => {
      const { targetId } = await ask('Target.createTarget', { url });
      const { sessionId } = await ask('Target.attachToTarget', { targetId, flatten: true });
      const inTab = (method: string, params: object = {}) => ask(method, params, String(sessionId));
      return {
        activate: async () => void (await ask('Target.activateTarget', { targetId })),
        freeze: async () => void (await inTab('Page.setWebLifecycleState', { state: 'frozen' })),
        thaw: async () => void (await inTab('Page.setWebLifecycleState', { state: 'active' })),
        evaluate: async <A>(expression: string) => {
          const { result, exceptionDetails } = await inTab('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
          if (exceptionDetails !== undefined) throw new Error(`In the tab: ${JSON.stringify(exceptionDetails)}`);
          return (result as { readonly value: A }).value;
        },
      };
    },
    close: async () => {
      browser.close();
      child.kill();
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};
