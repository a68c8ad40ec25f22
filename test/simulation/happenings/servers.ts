/** What becomes of servers, their stores and whoever decides on admission. */

import type { Life } from '../life.js';
import type { House } from '../world/house.js';
import { drawOf, type Happening, houseOf } from './happening.js';

type ServerFault =
  | 'server pause'
  | 'server date steps'
  | 'server restart'
  | 'server crash'
  | 'server crash at an effect'
  | 'drain'
  | 'deploy'
  | 'store slow'
  | 'store fails'
  | 'store answers late'
  | 'store rolled back'
  | 'authentication slow'
  | 'authentication refuses'
  | 'authentication fails'
  | 'short authentication'
  | 'revocation';

/** How long it takes until the next process is there, in milliseconds. */
const downMsMax = 3_000;
const pausedMsMax = 15_000;
const effectsMax = 80;
const changesMax = 40;
const hourMs = 3_600_000;
/** How long an authentication holds where it is short, in milliseconds. */
const shortMs = [3_000, 8_000, 20_000] as const;

/** The next process is there after a while. */
const nextAfter =
  (life: Life, house: House, ms: number): (() => void) =>
  () => {
    const begin = (): void => {
      if (!house.isClosed) return;
      house.begin();
      life.tell(`${house.name} is there again`);
    };
    if (ms === 0) begin();
    else life.until(ms, begin);
  };

const stop =
  (how: 'close' | 'drain'): Happening =>
  (life, event) => {
    const house = houseOf(life, event);
    if (!house.isUp || life.isCalm) return null;
    const { likely, upTo } = drawOf(event);
    house.leave(how, nextAfter(life, house, likely(0.5) ? 0 : upTo(downMsMax)));
    return house.name;
  };

const crash =
  (atMost: number): Happening =>
  (life, event) => {
    const house = houseOf(life, event);
    if (house.being === null) return null;
    const { likely, upTo, between } = drawOf(event);
    const effects = atMost === 0 ? 0 : between(1, atMost);
    const isTold = likely(0.7);
    house.crash(effects, isTold, nextAfter(life, house, likely(0.4) ? 0 : upTo(downMsMax)));
    return `${house.name}${effects > 0 ? `, after ${effects} more` : ''}${isTold ? '' : ', nobody is told'}`;
  };

/** For a while. */
const judging =
  (change: (house: House, life: Life, draw: ReturnType<typeof drawOf>) => () => void): Happening =>
  (life, event) => {
    const house = houseOf(life, event);
    const undo = change(house, life, drawOf(event));
    life.until(event.forMs, undo);
    return house.name;
  };

export const serverFaults: Readonly<Record<ServerFault, Happening>> = {
  'server pause': (life, event) => {
    const house = houseOf(life, event);
    const { being } = house;
    if (being === null || being.isFrozen) return null;
    being.freeze();
    life.until(Math.min(event.forMs, pausedMsMax), () => {
      being.thaw();
      life.tell(`${house.name} goes on`);
    });
    return house.name;
  },
  'server date steps': (life, event) => {
    const { being, name } = houseOf(life, event);
    if (being === null) return null;
    const ms = drawOf(event).oneOf([-hourMs, hourMs, -1_000, 1_000]);
    being.stepDate(ms);
    return `${name}, by ${ms} ms`;
  },
  'server restart': stop('close'),
  drain: stop('drain'),
  'server crash': crash(0),
  'server crash at an effect': crash(effectsMax),
  deploy: (life, event) => {
    const house = houseOf(life, event);
    // A store has one writer: only servers without one can stand side by side.
    if (!house.isUp || house.isDurable) return null;
    house.begin();
    house.leave('drain', () => life.tell(`${house.name}: the former process is gone`));
    return house.name;
  },
  'store slow': judging(({ manner, plan }, _, { oneOf }) => {
    manner.delayMs = oneOf([50, 300, 1_500]);
    return () => {
      manner.delayMs = plan.storeMs;
    };
  }),
  'store fails': judging((house, _, { oneOf }) => {
    const { manner } = house;
    house.hasFailed = true;
    manner.failing = oneOf(['turns', 'all'] as const);
    return () => {
      manner.failing = 'nothing';
    };
  }),
  'store answers late': judging(({ manner }, _, { oneOf }) => {
    manner.lateMs = oneOf([50, 300, 1_500]);
    return () => {
      manner.lateMs = 0;
    };
  }),
  'store rolled back': async (life, event) => {
    const house = houseOf(life, event);
    if (house.being === null || house.plan.store !== 'memory' || life.isCalm) return null;
    const { between } = drawOf(event);
    const changes = between(1, changesMax);
    let isDone = false;
    house.crash(0, true, () => undefined);
    isDone = await house.rollBack(changes);
    nextAfter(life, house, 0)();
    return isDone ? `${house.name}, by ${changes} changes` : null;
  },
  'authentication slow': judging(({ judging: how, plan }, _, { oneOf }) => {
    how.delayMs = oneOf([500, 1_500, 4_000]);
    return () => {
      how.delayMs = plan.authenticationMs;
    };
  }),
  'authentication refuses': judging(({ judging: how, causes }) => {
    how.mode = 'refuses';
    causes.add('denied');
    return () => {
      how.mode = 'admits';
    };
  }),
  'authentication fails': judging(({ judging: how }) => {
    how.mode = 'fails';
    return () => {
      how.mode = 'admits';
    };
  }),
  'short authentication': judging(({ judging: how }, _, { oneOf }) => {
    how.lifeMs = oneOf(shortMs);
    return () => {
      how.lifeMs = null;
    };
  }),
  revocation: (life, event) => {
    const house = houseOf(life, event);
    const { oneOf, likely } = drawOf(event);
    const { sessions, server } = house;
    if (sessions.length === 0 || server === null || house.being?.isFrozen === true) return null;
    const session = oneOf(sessions);
    house.causes.add('revoked');
    if (likely(0.5)) void server.sessions.revoke(session.id);
    else void server.sessions.revokeUser(session.user.name);
    return `${house.name}, ${session.user.name}`;
  },
};
