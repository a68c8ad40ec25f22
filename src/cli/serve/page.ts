import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

/**
 * Where the built page may be, seen from here: beside the compiled command in the package, and in the repository, where the command
 * runs from source.
 */
const PLACES = ['../../../console/', '../../../console/dist/', '../../../dist/console/'] as const;

/** The folder of the built page, or null where it was not built. `console/` of the repository has an index.html too, but no main.js. */
export const findPage = (from: string = import.meta.url): string | null =>
  PLACES.map((place) => fileURLToPath(new URL(place, from))).find((folder) =>
    ['index.html', 'main.js'].every((file) => existsSync(`${folder}${file}`)),
  ) ?? null;

export interface PageOptions {
  readonly version: string;
  /** The folder of the page; null where there is none. */
  readonly folder: string | null;
  /** Does the store answer? */
  readonly isHealthy: () => Promise<boolean>;
}

const withoutPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Nine Lives</title>
<body style="font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem">
<h1>The server runs; its page was not built</h1>
<p>Clients can connect: the WebSocket is at this very address. To have the page as well, run
<code>npm run build:console</code> in the repository and load this address again.</p>
`;

/** Everything that the server answers over plain HTTP: its page, and `/health`. The WebSocket at `/` passes it by. */
export const pageApp = ({ version, folder, isHealthy }: PageOptions): Hono => {
  const app = new Hono();
  const startedAt = performance.now();
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        // The page talks to whatever server it is pointed at.
        connectSrc: ["'self'", 'ws:', 'wss:'],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        frameAncestors: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
      },
      crossOriginOpenerPolicy: false,
      // Sessions run over plain HTTP on a developer's machine; whoever has TLS in front sets this there.
      strictTransportSecurity: false,
    }),
  );
  app.use(async (context, next) => {
    await next();
    // The next version's page has the same address.
    context.header('cache-control', 'no-cache');
  });
  app.get('/health', async (context) => {
    const healthy = await isHealthy();
    const uptimeMs = Math.round(performance.now() - startedAt);
    return context.json({ status: healthy ? 'ok' : 'failing', name: 'ninelives', version, uptimeMs }, healthy ? 200 : 503);
  });
  if (folder === null) app.get('/', (context) => context.html(withoutPage, 503));
  else app.use(serveStatic({ root: folder }));
  app.notFound((context) =>
    context.text('Nothing is here. The page and the WebSocket are at /, the health of the server at /health.\n', 404),
  );
  return app;
};
