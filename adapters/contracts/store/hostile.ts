import assert from 'node:assert/strict';
import type { JsonObject } from '../../../machines/ports/json.js';
import type { MakeStore, Test } from '../store.js';
import { admit, given, NOW, unavailable, withStore } from './with.js';

/** Names that differ, though a careless store takes some of them for the same, for a number or for a part of an object. */
const names: readonly string[] = [
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  '1',
  '01',
  ' jane',
  'jane ',
  'jane',
  'Jane',
  'JANE',
  "'; DROP TABLE users; --",
  '%',
  '_',
  '\\',
  '\\\\',
  '\\u0000',
  'a\u0000b',
  'a',
  'a\u0000c',
  '\ud800',
  '\udfff',
  '\ufffd',
  'é',
  'e\u0301',
  'ß',
  'ss',
  'İ',
  'i\u0307',
  'Иван',
  '猫',
  '🐈',
  '👩‍👩‍👧‍👧',
  '\u202eenaj',
  'x'.repeat(256),
  '🐈'.repeat(128),
];

/** As it comes off the wire: `__proto__` is a key of its own here, which it would not be in a literal. */
const hostileProperties = (): JsonObject =>
  JSON.parse(
    '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"":"empty","\\u0000":"\\u0000","a":[{"__proto__":[]},"\\ud800",1e308,-0.5,null,true,"🐈"]}',
  );

/** Input that is meant to break a store. */
export const hostileInput = (test: Test, make: MakeStore): void => {
  test(
    'each name is one user, compared by its characters and given back unchanged',
    withStore(make, async (store) => {
      for (const [index, username] of names.entries()) {
        const { user, created } = await admit(store, `s${index}`, { username });
        assert.deepEqual([username, user.id, user.name, user.displayName, created], [username, index + 1, username, username, true]);
      }
      for (const [index, name] of names.entries()) {
        assert.equal((await given(store.findUser({ name })))?.id, index + 1);
        const found = await given(store.listSessions({ username: name, page: 0, size: 10 }));
        assert.deepEqual(
          found.items.map(({ id }) => id),
          [`s${index}`],
        );
      }
      assert.equal(await given(store.findUser({ name: 'valueOf' })), null);
      assert.equal(await given(store.findUser({ name: '' })), null);
    }),
  );

  test(
    'texts of any kind come back as they went in',
    withStore(make, async (store) => {
      for (const [index, text] of names.entries()) {
        const profile = { displayName: text, displayPictureUrl: text };
        const { user } = await admit(store, text, { username: `user${index}`, profile, session: { userAgent: text } });
        await given(store.setPresence({ id: user.id, presence: { status: text } }));
        const session = await given(store.findSession(text));
        assert.deepEqual(
          [session?.id, session?.userAgent, session?.user.displayName, session?.user.displayPictureUrl, session?.user.presence.status],
          [text, text, text, text, text],
        );
        assert.equal((await given(store.endSession({ id: text, reason: 'ended', now: NOW })))?.id, text);
      }
    }),
  );

  test(
    'hostile properties come back as they went in, and reach no prototype',
    withStore(make, async (store) => {
      const { user } = await admit(store, 's1', { profile: { properties: hostileProperties() } });
      const found = await given(store.findUser({ id: user.id }));
      for (const { properties } of [user, found ?? user, await given(store.setPresence({ id: user.id, presence: { online: true } }))]) {
        assert.equal(JSON.stringify(properties), JSON.stringify(hostileProperties()));
        assert.equal(Object.hasOwn(properties, '__proto__'), true);
        assert.equal('isAdmin' in Object.create(Object.getPrototypeOf(properties)), false);
      }
      assert.equal('isAdmin' in {}, false);
    }),
  );

  test(
    'properties that are no JSON object are refused as unavailable, and nothing is written',
    withStore(make, async (store) => {
      await given(store.createUser({ name: 'jane', profile: {} }));
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      for (const bad of [null, 1, 'text', [1], () => 1, { big: 1n }, cycle]) {
        const profile = { properties: bad as JsonObject };
        await unavailable(store.updateUser({ id: 1, profile }));
        await unavailable(store.createUser({ name: 'joe', profile }));
      }
      assert.deepEqual(
        (await given(store.listUsers({ page: 0, size: 10 }))).items.map(({ properties }) => properties),
        [{}],
      );
    }),
  );
};
