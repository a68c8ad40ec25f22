/** What strangers can make the log say: so much in full, and the rest counted. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { LimitedLog } from '../../../src/server/limited-log.js';
import { keptLog } from '../../support/server.js';

const limited = suite('a log of what strangers do');

const rig = (lines = 2) => {
  const host = virtualHost({ seed: 1 });
  const kept = keptLog();
  const log = new LimitedLog(kept.logger, host.clock, { lines, everyMs: 1_000 });
  return { host, log, said: () => kept.lines.map(({ level, fields, message }) => [level, fields, message]) };
};

const leftOut = (level: string, message: string, left: number) => [
  level,
  { left, withinMs: 1_000 },
  `left out of the log: more of "${message}"`,
];

limited('writes so many lines of a kind in full, and counts the others in one when the time is over', async () => {
  const { host, log, said } = rig();
  for (let n = 0; n < 5; n += 1) log.info({ n }, 'refused');
  assert.equal(said(), [
    ['info', { n: 0 }, 'refused'],
    ['info', { n: 1 }, 'refused'],
  ]);
  await host.advance(1_000);
  assert.equal(said().slice(2), [leftOut('info', 'refused', 3)]);
});

limited('writes no more than so many in any time, whenever the first of them was left out', async () => {
  const { host, log, said } = rig();
  const sayEach = async (ms: number): Promise<void> => {
    log.info({}, 'refused');
    await host.advance(ms);
  };
  for (let n = 0; n < 40; n += 1) await sayEach(100);
  const full = said().filter(([, , message]) => message === 'refused').length;
  assert.ok(full <= 2 * 4, `${full} in four times`);
});

limited('counts each level and each message apart', async () => {
  const { host, log, said } = rig(1);
  for (const level of ['debug', 'info', 'warn', 'error'] as const)
    for (const message of ['one', 'other']) {
      log[level]({}, message);
      log[level]({}, message);
    }
  assert.is(said().length, 8);
  await host.advance(1_000);
  assert.is(said().length, 16);
  assert.equal(said()[8], leftOut('debug', 'one', 1));
});

limited('says nothing of what was not left out, and begins anew when the time is over', async () => {
  const { host, log, said } = rig();
  for (let n = 0; n < 6; n += 1) {
    log.warn({ n }, 'refused');
    await host.advance(500);
  }
  assert.is(said().length, 6);
});

limited('tells of what was left out before what comes later, however late its timer is', async () => {
  const { host, log, said } = rig(1);
  log.info({}, 'refused');
  await host.advance(900);
  log.info({}, 'refused');
  await host.advance(200);
  log.info({}, 'refused');
  assert.equal(said().slice(1), [leftOut('info', 'refused', 1), ['info', {}, 'refused']]);
  await host.advance(5_000);
  assert.is(said().length, 3);
});

limited('tells what was left out when it is closed, and limits nothing from there on', async () => {
  const { host, log, said } = rig(1);
  for (let n = 0; n < 3; n += 1) log.info({}, 'refused');
  log.close();
  assert.equal(said().slice(1), [leftOut('info', 'refused', 2)]);
  for (let n = 0; n < 3; n += 1) log.info({}, 'refused');
  assert.is(said().length, 5);
  await host.advance(5_000);
  assert.is(said().length, 5);
});

limited.run();
