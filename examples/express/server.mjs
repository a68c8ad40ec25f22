// Sessions beside the routes of an Express app: one HTTP server, users with passwords, who is online at a URL.
import { scryptSync, timingSafeEqual } from 'node:crypto';
import { createServer as createHttpServer } from 'node:http';
import express from 'express';
import { createServer } from 'ninelives/server';

// Where an app has its user table. The password is stored as its scrypt hash.
const hash = (password) => scryptSync(password, 'a salt of the app', 32);
const passwords = new Map([['jane', hash('correct horse')]]);

export const serve = async (port) => {
  const sessions = createServer({
    guests: false,
    // Returning admits; throwing, or anything but nothing or { user?, expiresAt? }, denies.
    authenticate: ({ username, authParams }) => {
      const known = passwords.get(username);
      if (known === undefined || !timingSafeEqual(known, hash(String(authParams.password)))) throw new Error('wrong name or password');
      return { user: { displayName: username.toUpperCase() } };
    },
  });
  sessions.on('session', (session) => {
    session.onRequest('price', ({ sku }) => ({ sku, amount: sku.length * 100 }));
  });

  const app = express();
  app.get('/online', async (_request, response) => {
    const { users, error } = await sessions.users.list({ online: true });
    if (error) return response.status(503).json({ error: error.code });
    response.json(users.items.map(({ name }) => name));
  });

  const http = createHttpServer(app);
  await sessions.attach(http, { path: '/sessions' });
  await new Promise((resolve) => http.listen(port, '127.0.0.1', resolve));
  return { http, sessions, port: http.address().port };
};

if (process.argv[1]?.endsWith('server.mjs')) {
  const { port } = await serve(4151);
  console.log(`http://127.0.0.1:${port}/online shows who is online; sessions at ws://127.0.0.1:${port}/sessions`);
}
