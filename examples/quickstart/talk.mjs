// A client in the terminal: starts a session, says hello, and hears what is said for ten seconds.
import { createClient } from 'ninelives';

const username = process.argv[2] ?? 'jane';
const kitty = createClient({ url: 'ws://127.0.0.1:4150' });

const result = await kitty.startSession({ username });
if (result.failed) {
  console.error(`${result.error.code}: ${result.error.message}`);
  process.exit(1);
}

const { session } = result;
session.on('chat', ({ from, text }) => console.log(`${from}: ${text}`));
const sent = session.send('chat', { text: `hello from ${username}` });
if (sent.accepted) console.log((await sent.confirmed).status);
setTimeout(() => kitty.endSession(), 10_000);
