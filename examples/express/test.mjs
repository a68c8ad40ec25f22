// The right password enters, the wrong one does not, and the app's own routes see who is online.
import assert from 'node:assert/strict';
import { createClient } from 'ninelives';
import { serve } from './server.mjs';

const { http, sessions, port } = await serve(0);
const kitty = createClient({ url: `ws://127.0.0.1:${port}/sessions` });

const denied = await kitty.startSession({ username: 'jane', authParams: { password: 'guess' } });
assert.equal(denied.error?.code, 'AccessDeniedError');
const guest = await kitty.startSession({ username: 'somebody' });
assert.equal(guest.error?.code, 'AccessDeniedError');

const present = new Promise((resolve) => sessions.on('session', resolve));
const started = await kitty.startSession({ username: 'jane', authParams: { password: 'correct horse' } });
assert.ok(started.succeeded, started.error?.message);
assert.equal(started.session.user.displayName, 'JANE');
await present;
assert.deepEqual(await (await fetch(`http://127.0.0.1:${port}/online`)).json(), ['jane']);
const price = await started.session.request('price', { sku: 'abc' });
assert.deepEqual(price.reply, { sku: 'abc', amount: 300 });

await kitty.endSession();
await sessions.close();
http.close();
console.log('express: ok');
