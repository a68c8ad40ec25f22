// Two guests talk, one asks, both end.
import assert from 'node:assert/strict';
import { createClient } from 'ninelives';
import { serve } from './server.mjs';

const { server, url } = await serve(0);
const start = async (username) => {
  const kitty = createClient({ url });
  const result = await kitty.startSession({ username });
  assert.ok(result.succeeded, result.error?.message);
  return { kitty, session: result.session };
};

const jane = await start('jane');
const joe = await start('joe');
const heard = new Promise((resolve) => joe.session.on('chat', resolve));
const sent = jane.session.send('chat', { text: 'hi' });
assert.deepEqual(await heard, { from: 'jane', text: 'hi' });
assert.deepEqual(await sent.confirmed, { status: 'handled' });
const answer = await joe.session.request('who', null);
assert.deepEqual(answer.reply, { you: 'joe', guest: true });
assert.equal((await jane.kitty.endSession()).reason, 'ended');
assert.equal((await joe.kitty.endSession()).reason, 'ended');
await server.close();
console.log('quickstart: ok');
