// A server of user sessions: guests may enter, and what one says, all hear.
import { createServer } from 'ninelives/server';

export const serve = async (port) => {
  const server = createServer({ guests: true });
  server.on('session', (session) => {
    session.on('chat', ({ text }) => {
      server.toEveryone().send('chat', { from: session.user.name, text });
    });
    session.onRequest('who', () => ({ you: session.user.name, guest: session.user.isGuest }));
  });
  const { url } = await server.listen(port, { host: '127.0.0.1' });
  return { server, url };
};

if (process.argv[1]?.endsWith('server.mjs')) {
  const { url } = await serve(4150);
  console.log(`Sessions at ${url}. In a second terminal: npm run talk -- jane`);
}
