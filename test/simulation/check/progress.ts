/** What must happen in the end, once all faults are over: all comes to rest, everybody is told, and nothing is left running. */
import type { House } from '../world/house.js';
import type { Person } from '../world/person.js';
import type { WorldTime } from '../world/time.js';
import type { Ledger } from './ledger.js';

const resting: ReadonlySet<string> = new Set(['active', 'idle', 'ended']);

/** In the calm: each client is where it can stay, and each server has the sessions that its clients have, and says who is there. */
export const judgeCalm = async (
  ledger: Ledger,
  houses: readonly House[],
  people: readonly Person[],
  wait: () => Promise<void>,
): Promise<void> => {
  for (const { name, client } of people) {
    const { status } = client.getSnapshot();
    ledger.test('a client comes to rest', resting.has(status), `${name} is ${status}`);
  }
  for (const house of houses) {
    const mine = people.filter((person) => person.house === house);
    const sessions = [...(house.server?.keeper.live.all() ?? [])];
    for (const { name, client } of mine) {
      const { status, sessionId } = client.getSnapshot();
      if (status !== 'active') continue;
      const found = sessions.filter(({ id, connection }) => id === sessionId && connection.hasLink);
      ledger.test('the server has the session that its client has', found.length === 1, `${name}: ${found.length}`);
    }
    const ids = new Set(mine.map(({ client }) => client.getSnapshot().sessionId));
    for (const { id, user } of sessions) ledger.test('a session has a client', ids.has(id), `a session of ${user.name} has none`);
    const list = house.users(wait);
    const online = new Set(sessions.map(({ user }) => user.name));
    for (const user of await list)
      ledger.test('who has a session is online', user.presence.online === online.has(user.name), `${user.name}: ${user.presence.online}`);
  }
};

/** When all sessions were ended and all servers closed. */
export const judgeEnd = (ledger: Ledger, houses: readonly House[], people: readonly Person[], time: WorldTime): void => {
  for (const { name, client, page, asked, answered } of people) {
    const { status } = client.getSnapshot();
    ledger.test('a client that is ended is', status === 'idle' || status === 'ended', `${name} is ${status}`);
    ledger.test('every start, end, sign-in and renewal is answered', asked === answered, `${name}: ${asked - answered} are not`);
    ledger.test('a client that is over listens to nothing', page.hintListeners === 0, `${name}: ${page.hintListeners}`);
    ledger.test('a client that is over has no timer', page.timers === 0, `${name}: ${page.timers}`);
  }
  for (const { name, lastTimers } of houses)
    ledger.test('a server that is closed has no timer', lastTimers === 0, `${name}: ${lastTimers}`);
  ledger.test('nothing is left to happen', time.pending === 0, `${time.pending} timers`);
  for (const sent of ledger.sent) {
    if (sent.fate !== 'known' || sent.kind === 'volatile') continue;
    if (sent.kind === 'message') ledger.test('everything that was accepted is settled', sent.status !== null, sent);
    else ledger.test('every request is answered', sent.answer !== null, sent);
  }
};
