/** What people and the apps on servers do. */
import type { Side } from '../world/talk.js';
import { awakeOf, drawOf, type Happening, houseOf, personOf } from './happening.js';

type Deed =
  | 'burst'
  | 'requests'
  | 'broadcast'
  | 'volatiles'
  | 'sign in'
  | 'renewal'
  | 'end'
  | 'end by server'
  | 'start taken back'
  | 'retry now';

const burstMax = 60;
const longBurstMax = 400;
const requestsMax = 6;
const takeBackMsMax = 400;

/** A person's end of their session and the server's, as far as there are any. */
const sidesOf: (...args: Parameters<Happening>) => readonly Side[] = (life, event) => {
  const { side, house, page } = personOf(life, event);
  const sides: Side[] = [];
  if (side !== null && !page.isFrozen) sides.push(side);
  const session = side === null ? house.sessions[0] : house.sessions.find(({ id }) => id === side.talker.id);
  const other = session === undefined || house.being?.isFrozen === true ? null : house.sideOf(session);
  if (other !== null) sides.push(other);
  return sides;
};

export const deeds: Readonly<Record<Deed, Happening>> = {
  burst: (life, event) => {
    const chance = drawOf(event);
    const sides = sidesOf(life, event);
    const count = 1 + chance.upTo(chance.likely(0.1) ? longBurstMax : burstMax);
    let sent = 0;
    for (const side of sides)
      if (sides.length === 1 || chance.likely(0.75))
        for (let left = count; left > 0; left -= 1) if (life.talk.send(side, chance)) sent += 1;
    return sent === 0 ? null : `${personOf(life, event).name}, ${sent} messages`;
  },
  requests: (life, event) => {
    const chance = drawOf(event);
    const sides = sidesOf(life, event);
    for (const side of sides) for (let left = 1 + chance.upTo(requestsMax); left > 0; left -= 1) life.talk.ask(side, chance);
    return sides.length === 0 ? null : personOf(life, event).name;
  },
  broadcast: (life, event) => {
    const chance = drawOf(event);
    const house = houseOf(life, event);
    if (house.being?.isFrozen === true) return null;
    let sent = 0;
    for (const session of house.sessions) {
      const side = house.sideOf(session);
      if (side !== null && life.talk.send(side, chance)) sent += 1;
    }
    return sent === 0 ? null : `${house.name}, to ${sent}`;
  },
  volatiles: (life, event) => {
    const chance = drawOf(event);
    const sides = sidesOf(life, event);
    for (const side of sides) for (let left = 1 + chance.upTo(burstMax); left > 0; left -= 1) life.talk.sendVolatile(side, chance);
    return sides.length === 0 ? null : personOf(life, event).name;
  },
  'sign in': (life, event) => {
    const person = awakeOf(life, event);
    return person?.signIn(drawOf(event)) ? person.name : null;
  },
  renewal: (life, event) => {
    const person = awakeOf(life, event);
    return person?.renew() ? person.name : null;
  },
  end: (life, event) => {
    const person = awakeOf(life, event);
    if (person === null) return null;
    person.end();
    return person.name;
  },
  'end by server': (life, event) => {
    const house = houseOf(life, event);
    const { sessions } = house;
    if (sessions.length === 0 || house.being?.isFrozen === true) return null;
    const session = drawOf(event).oneOf(sessions);
    house.causes.add('ended');
    session.end();
    return `${house.name}, ${session.user.name}`;
  },
  'start taken back': (life, event) => {
    const person = awakeOf(life, event);
    if (person === null) return null;
    person.takeBackMs = drawOf(event).upTo(takeBackMsMax);
    person.end();
    return person.name;
  },
  'retry now': (life, event) => {
    const person = awakeOf(life, event);
    return person?.client.retryNow() ? person.name : null;
  },
};
