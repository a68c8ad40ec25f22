/** Serves files that a test has built, and lets a session server have the upgrades beside them. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server as HttpServer } from 'node:http';
import { extname, join } from 'node:path';
import { listen } from './tcp.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json',
};

export interface PageServer {
  readonly port: number;
  readonly http: HttpServer;
  close(): Promise<void>;
}

/** Serves a folder's own files on a free port of the loopback interface, or on the one given; `/` is its index.html. */
export const startPageServer = async (folder: string, at?: number): Promise<PageServer> => {
  const http = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    try {
      if (!/^[\w-]+(\.\w+)+$/.test(name)) throw new Error('No file of this folder has such a name.');
      const body = await readFile(join(folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
    }
  });
  const port = await listen(http, at);
  return {
    port,
    http,
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
};
