/** A server that counts down to each of its sessions and keeps what it hears of theirs, and the page that counts with it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import * as assert from 'uvu/assert';
import { createServer, type Logger, type ServerSession } from '../../src/server/index.js';
import { type PageServer, startPageServer } from '../support/page-server.js';
import { until } from '../support/until.js';
import type { Heard } from './counting-page.js';
import { temporaryFolder } from './stage.js';

/** Built as an app's bundler would: what keeps a session is a file of its own. */
export const buildCountingPage = async (): Promise<Awaited<ReturnType<typeof temporaryFolder>>> => {
  const folder = await temporaryFolder();
  await build({
    entryPoints: { page: 'test/browser/counting-page.ts' },
    outdir: folder.path,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'warning',
  });
  await writeFile(
    join(folder.path, 'index.html'),
    '<!doctype html><meta charset="utf-8"><title>Counting</title><link rel="icon" href="data:,"><script type="module" src="page.js"></script>',
  );
  return folder;
};

/** One session's count, as the server has it. */
export interface Count {
  readonly session: ServerSession;
  readonly up: Heard[];
  /** The last number that was sent. */
  down: number;
}

export interface CountingServer {
  readonly pages: PageServer;
  readonly counts: readonly Count[];
  readonly ended: readonly string[];
  /** The sessions that lost their link, as the log tells. */
  readonly losses: readonly string[];
  /** The count of a session. */
  of(id: string): Count;
  /** Count on, one in so many milliseconds, to every session; 0: not any more. */
  count(everyMs: number): void;
  close(): Promise<void>;
}

/** `host`: what the page is reached by. */
export const startCountingServer = async (folder: string, host: string): Promise<CountingServer> => {
  const pages = await startPageServer(folder);
  const losses: string[] = [];
  const ignore = (): void => undefined;
  const info: Logger['info'] = (fields, message) => {
    if (message === 'session lost its link') losses.push(String((fields as { readonly session?: unknown }).session));
  };
  const logger: Logger = { debug: ignore, info, warn: ignore, error: ignore };
  const server = createServer({ guests: true, logger, origins: [`http://${host}:${pages.port}`] });
  const counts: Count[] = [];

  const ended: string[] = [];
  server.on('session', (session) => {
    const count: Count = { session, up: [], down: 0 };
    counts.push(count);
    session.on('up', (n, { redelivered }) => void count.up.push([n as number, redelivered]));
  });
  server.on('ended', (_, { reason }) => void ended.push(reason));
  await server.attach(pages.http);
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    pages,
    counts,
    ended,
    losses,
    of: (id) => {
      const found = counts.find(({ session }) => session.id === id);
      if (found === undefined) throw new Error(`The server has no session ${id}.`);
      return found;
    },
    count: (everyMs) => {
      clearInterval(timer);
      if (everyMs === 0) return;
      timer = setInterval(() => {
        for (const count of counts) if (count.session.send('down', count.down + 1).accepted) count.down += 1;
      }, everyMs);
    },
    close: async () => {
      clearInterval(timer);
      await server.close();
      await pages.close();
    },
  };
};

/** All numbers from 1 on came in their order; one came again only with its mark, which `marks` allows. */
export const wholeCount = (heard: readonly Heard[], last: number, marks: 'marked' | 'never'): void => {
  const first: number[] = [];
  const seen = new Set<number>();
  for (const [n, redelivered] of heard) {
    if (seen.has(n)) assert.ok(marks === 'marked' && redelivered, `${n} came twice${redelivered ? '' : ', unmarked'}`);
    else first.push(n);
    seen.add(n);
  }
  assert.equal(
    first,
    Array.from({ length: last }, (_, index) => index + 1),
  );
};

/** What a page's count has come to: evaluated in it. */
export interface Tally {
  readonly sessionId: string;
  readonly resumed: boolean;
  readonly status: string;
  readonly persisted: boolean;
  readonly unconfirmed: number;
  readonly events: readonly string[];
  readonly sent: number;
  readonly heard: readonly Heard[];
}

/** Both sides have stopped counting: all that was sent is there, once or marked. */
export const bothWhole = async (count: Count, tally: () => Promise<Tally>): Promise<Tally> => {
  await until(async () => {
    const { unconfirmed, sent, heard } = await tally();
    return unconfirmed === 0 && count.up.length >= sent && (heard.at(-1)?.[0] ?? 0) >= count.down;
  }, 'both sides have all');
  const told = await tally();
  assert.ok(told.sent > 20 && count.down > 20, `${told.sent} up, ${count.down} down`);
  wholeCount(count.up, told.sent, 'never');
  wholeCount(told.heard, count.down, 'marked');
  return told;
};
