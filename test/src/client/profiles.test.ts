import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { silenceMsDefault } from '../../../machines/liveness/liveness.js';
import type { Profile } from '../../../src/client/profiles.js';
import { admits, inTurn, isSilent, refuses } from '../../support/scripted-transport.js';
import { scripted } from './support.js';

const test = suite('a profile');

test('asks the server for its rhythm, or leaves that to the server', async () => {
  const asked = async (profile?: Profile) => {
    const { kitty, wire } = scripted(admits, { profile });
    await kitty.startSession({ username: 'jane' });
    const { pingEveryMs, silenceMs } = wire.links[0]?.options ?? {};
    return [pingEveryMs, silenceMs];
  };
  assert.equal(await asked(), [undefined, silenceMsDefault]);
  assert.equal(await asked('responsive'), [undefined, silenceMsDefault]);
  assert.equal(await asked('batterySaver'), [25_000, 6_000]);
});

test('spreads the tries, unless the app says otherwise', async () => {
  const longest = async (options: Parameters<typeof scripted>[1]) => {
    const { kitty, wire, host } = scripted(inTurn(admits, refuses), options);
    await kitty.startSession({ username: 'jane' });
    wire.links[0]?.lost('ConnectionLostError');
    let longestMs = 0;
    for (let tries = 0; tries < 40; tries += 1) {
      longestMs = Math.max(longestMs, (kitty.getSnapshot().retryAt ?? 0) - host.clock.wall());
      await host.advance((host.nextTimerAt ?? 0) - host.clock.now());
    }
    void kitty.endSession();
    return longestMs;
  };
  const responsive = await longest({});
  assert.ok(responsive > 15_000 && responsive <= 30_001, `${responsive}`);
  const sparing = await longest({ profile: 'batterySaver' });
  assert.ok(sparing > 60_000 && sparing <= 120_001, `${sparing}`);
  const own = await longest({ profile: 'batterySaver', retry: { capMs: 5_000 } });
  assert.ok(own > 2_500 && own <= 5_001, `${own}`);
});

test('says how often a try is made where the platform says that there is no network', async () => {
  const { kitty, wire, host } = scripted(inTurn(admits, isSilent), { profile: 'batterySaver' });
  await kitty.startSession({ username: 'jane' });
  host.hint('offline');
  wire.links[0]?.lost('ConnectionLostError');
  await host.advance(119_000);
  assert.is(wire.links.length, 1);
  await host.advance(1_000);
  assert.is(wire.links.length, 2);
});

test('that nobody knows is refused at once', () => {
  for (const profile of ['eager', 'toString', null, 1])
    assert.throws(() => scripted(admits, { profile: profile as unknown as Profile }), /`profile` is 'responsive' or 'batterySaver'/);
});

test.run();
