/** What becomes of pages and of the devices that they are on. */
import { awakeOf, drawOf, type Happening, personOf } from './happening.js';

type PageFault =
  | 'throttled page'
  | 'frozen page'
  | 'page reload'
  | 'page crash'
  | 'page crash at an effect'
  | 'duplicated tab'
  | 'client date steps';

/** How long a page takes to be there again, in milliseconds. */
const loadMsMax = 3_000;
const effectsMax = 60;
const duplicatesMax = 2;
const hourMs = 3_600_000;

export const pageFaults: Readonly<Record<PageFault, Happening>> = {
  'throttled page': (life, event) => {
    const person = personOf(life, event);
    const { page, name } = person;
    const everyMs = drawOf(event).oneOf([1_000, 60_000]);
    page.hint('hidden');
    page.throttle(everyMs);
    life.until(event.forMs, () => {
      page.throttle(0);
      page.hint('visible');
    });
    return `${name}, timers each ${everyMs} ms`;
  },
  'frozen page': (life, event) => {
    const person = awakeOf(life, event);
    if (person === null) return null;
    const { page, name } = person;
    const isTold = drawOf(event).likely(0.5);
    page.freeze();
    life.until(event.forMs, () => {
      page.thaw();
      if (isTold) page.hint('thawed');
      life.tell(`${name}: the page goes on`);
    });
    return name;
  },
  'page reload': (life, event) => {
    const person = awakeOf(life, event);
    if (person === null) return null;
    person.reload(drawOf(event).upTo(loadMsMax));
    return person.name;
  },
  'page crash': (life, event) => {
    const person = personOf(life, event);
    if (!person.page.isAlive) return null;
    const { likely, upTo } = drawOf(event);
    person.crash(0, likely(0.7), upTo(loadMsMax));
    return person.name;
  },
  'page crash at an effect': (life, event) => {
    const person = personOf(life, event);
    if (!person.page.isAlive) return null;
    const { likely, between, upTo } = drawOf(event);
    const effects = between(1, effectsMax);
    person.crash(effects, likely(0.7), upTo(loadMsMax));
    return `${person.name}, after ${effects} more`;
  },
  'duplicated tab': (life, event) => {
    const person = awakeOf(life, event);
    const duplicates = life.people.length - life.plan.world.people.length;
    if (person === null || !person.plan.isKept || duplicates >= duplicatesMax) return null;
    const name = `${person.plan.name} ${life.people.length + 1}`;
    life.join(name, person.plan, person.duplicate()).wish();
    return `${person.name}, as ${name}`;
  },
  'client date steps': (life, event) => {
    const { page, name } = personOf(life, event);
    const ms = drawOf(event).oneOf([-hourMs, hourMs, -1_000, 1_000]);
    page.stepDate(ms);
    return `${name}, by ${ms} ms`;
  },
};
