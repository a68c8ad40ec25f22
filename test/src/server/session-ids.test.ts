import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionIds } from '../../../src/server/session-ids.js';

const ids = suite('ids of sessions');

ids('are 128 bits each as base64url, and never the same, however many are drawn', () => {
  const all = new SessionIds();
  const drawn = new Set(Array.from({ length: 2_000 }, () => all.next()));
  assert.is(drawn.size, 2_000);
  for (const id of drawn) assert.match(id, /^[\w-]{22}$/);
});

ids('are others for another server', () => {
  assert.is.not(new SessionIds().next(), new SessionIds().next());
});

ids.run();
