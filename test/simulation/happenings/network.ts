/** What a network does. */
import type { Path, Side, Way } from '../world/path.js';
import { drawOf, type Happening, personOf } from './happening.js';

type NetworkFault =
  | 'cut'
  | 'half cut'
  | 'storm'
  | 'black hole'
  | 'stall'
  | 'partition'
  | 'refusal'
  | 'offline'
  | 'late link'
  | 'repeated opening'
  | 'latency';

/** How long a repeated opening is held open by whoever repeated it, in milliseconds. */
const repeatedMsMax = 5_000;
const stormCutsMax = 8;
const stormEveryMsMax = 400;

/** All connections of one person broken. */
const cut = (path: Path, told: readonly Side[], keeps: boolean): boolean => {
  if (path.size === 0) return false;
  path.cut(told, keeps);
  return true;
};

export const networkFaults: Readonly<Record<NetworkFault, Happening>> = {
  cut: (life, event) => {
    const { name, path } = personOf(life, event);
    const keeps = drawOf(event).likely(0.5);
    return cut(path, ['client', 'server'], keeps) ? `${name}${keeps ? ', what is under way arrives' : ''}` : null;
  },
  'half cut': (life, event) => {
    const { name, path } = personOf(life, event);
    const { oneOf, likely } = drawOf(event);
    const told = oneOf([['client'], ['server'], []] as const);
    const keeps = likely(0.5);
    return cut(path, told, keeps) ? `${name}, told: ${told[0] ?? 'nobody'}${keeps ? ', what is under way arrives' : ''}` : null;
  },
  storm: (life, event) => {
    const { name, path } = personOf(life, event);
    const { between, upTo, oneOf, likely } = drawOf(event);
    if (path.size === 0) return null;
    const cuts = between(2, stormCutsMax);
    let at = 0;
    for (let left = cuts; left > 0; left -= 1) {
      const told = oneOf([['client', 'server'], ['client'], ['server']] as const);
      const keeps = likely(0.5);
      life.time.setTimeout(() => life.isCalm || path.cut(told, keeps), at);
      at += upTo(stormEveryMsMax);
    }
    return `${name}, ${cuts} cuts`;
  },
  'black hole': (life, event) => {
    const { name, path } = personOf(life, event);
    const way = drawOf(event).oneOf(['up', 'down'] as const);
    if (path.size === 0) return null;
    path.swallow(way);
    return `${name}, ${way}`;
  },
  stall: (life, event) => {
    const { name, path } = personOf(life, event);
    const ways = drawOf(event).oneOf([['up'], ['down'], ['up', 'down']] as const);
    if (path.size === 0) return null;
    hold(path, ways, true);
    life.until(event.forMs, () => {
      hold(path, ways, false);
      life.tell(`${name}: the stall is over`);
    });
    return `${name}, ${ways.join(' and ')}`;
  },
  partition: (life, event) => {
    const { likely } = drawOf(event);
    const away = life.people.filter((_, index) => index === event.who || likely(0.5));
    for (const { path } of away) {
      hold(path, ['up', 'down'], true);
      path.conditions.opening = 'hangs';
    }
    life.until(event.forMs, () => {
      for (const { path } of away) path.heal();
      life.tell('the partition is over');
    });
    return away.map(({ name }) => name).join(', ');
  },
  refusal: (life, event) => {
    const { name, path } = personOf(life, event);
    path.cut(['client', 'server'], false);
    path.conditions.opening = 'refused';
    life.until(event.forMs, () => {
      path.conditions.opening = 'fine';
    });
    return name;
  },
  offline: (life, event) => {
    const person = personOf(life, event);
    const { name, path, page } = person;
    if (path.conditions.opening !== 'fine') return null;
    path.conditions.opening = 'refused';
    path.cut(['client'], false);
    page.hint('offline');
    life.until(event.forMs, () => {
      path.conditions.opening = 'fine';
      person.page.hint('online');
      life.tell(`${name} is online`);
    });
    return name;
  },
  'late link': (life, event) => {
    const { name, path } = personOf(life, event);
    if (path.size === 0) return null;
    const release = path.linger();
    life.until(event.forMs, () => {
      release();
      life.tell(`${name}: a former link comes to life`);
    });
    return name;
  },
  'repeated opening': (life, event) => {
    const person = personOf(life, event);
    const { name, path, plan } = person;
    const stranger = life.being('a stranger', plan.skew);
    const close = path.repeat(stranger);
    if (close === null) return null;
    // Who is faster with it has the session: docs/security.md.
    person.isImpersonated = true;
    life.until(drawOf(event).upTo(repeatedMsMax), () => {
      close();
      stranger.die();
    });
    return name;
  },
  latency: (life, event) => {
    const { name, path } = personOf(life, event);
    const { oneOf } = drawOf(event);
    path.conditions.latencyMs = oneOf([1, 10, 50, 200, 600]);
    path.conditions.jitterMs = oneOf([0, 20, 200, 1_000]);
    return `${name}, ${path.conditions.latencyMs} ms and up to ${path.conditions.jitterMs} more`;
  },
};

const hold = (path: Path, ways: readonly Way[], isHeld: boolean): void => {
  for (const way of ways) path.conditions.held[way] = isHeld;
  if (!isHeld) path.run();
};
