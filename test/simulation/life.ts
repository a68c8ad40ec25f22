/** One life of some people, their servers and the network between, in virtual time: a run of a plan. The same plan gives the same life again. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type VirtualTab, virtualTabs } from '../../adapters/hosts/virtual-tab.js';
import { chanceOf } from './chance.js';
import { Ledger, type Problem } from './check/ledger.js';
import { judgeCalm, judgeEnd } from './check/progress.js';
import { judgeSafety } from './check/safety.js';
import { type Fates, fatesOf } from './check/tally.js';
import { happenings } from './happenings.js';
import { isFault, type Kind } from './plan/kinds.js';
import type { PersonPlan, Skew } from './plan/options.js';
import type { Plan } from './plan/plan.js';
import { type Being, beingOf } from './world/being.js';
import { House } from './world/house.js';
import { Path } from './world/path.js';
import { Person } from './world/person.js';
import { Talk } from './world/talk.js';
import { WorldTime } from './world/time.js';

export interface Outcome {
  readonly problems: readonly Problem[];
  /** What happened, in order. */
  readonly story: readonly string[];
  /** How often each kind of event took hold. */
  readonly happened: ReadonlyMap<Kind, number>;
  readonly faults: number;
  readonly messages: number;
  readonly fates: Fates;
  /** How often each rule was put to the test. */
  readonly tested: ReadonlyMap<string, number>;
  readonly lost: number;
  readonly resumed: number;
  readonly gaps: number;
  /** How long it was for those who lived it, in milliseconds. */
  readonly livedMs: number;
  readonly timers: number;
}

/** How long all is well at the end, in milliseconds: longer than any wait. */
const calmMs = 150_000;
/** How long people still start sessions then. */
const wishingMs = 30_000;
/** In the calm they look so often whether they have one, in milliseconds. */
const wishEveryMs = 5_000;
/** Longer than goodbyes and a closing server take, in milliseconds. */
const endingMs = 40_000;
/** The latency of the calm, in milliseconds. */
const calmLatencyMs = 5;

export class Life {
  readonly plan: Plan;
  readonly time = new WorldTime();
  readonly ledger = new Ledger();
  readonly talk = new Talk(this.ledger);
  readonly houses: readonly House[];
  readonly people: Person[] = [];
  readonly story: string[] = [];
  readonly happened = new Map<Kind, number>();
  /** What is to be undone before the calm, where it was not yet. */
  readonly undoing = new Set<() => void>();
  isCalm = false;
  readonly #newTab: () => VirtualTab;
  #beings = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    const { world, seed, events } = plan;
    const isCopied = events.some(({ kind }) => kind === 'store rolled back');
    const owner = {
      ledger: this.ledger,
      talk: this.talk,
      being: (agent: string, house: House) => this.being(agent, house.plan.skew),
      tell: (what: string) => this.tell(what),
      deserted: (house: House, being: Being, isTold: boolean) => {
        for (const person of this.people) if (person.house === house) person.path.deserted(being, isTold);
      },
    };
    this.houses = world.houses.map((house, index) => {
      const file = join(tmpdir(), `ninelives-life-${process.pid}-${seed}-${index}.db`);
      return new House(`server ${index + 1}`, house, owner, file, isCopied, chanceOf(seed, `store ${index}`).random);
    });
    const clock = {
      setTimeout: (run: () => void, ms: number) => this.time.setTimeout(run, ms),
      clearTimeout: (id: unknown) => this.time.clearTimeout(id as number),
    };
    this.#newTab = virtualTabs(clock);
    for (const [index, person] of world.people.entries()) this.join(`${person.name} ${index + 1}`, person, this.#newTab());
  }

  /** Somebody more, with a page of their own in this tab. */
  join(name: string, plan: PersonPlan, tab: VirtualTab): Person {
    const { seed } = this.plan;
    const house = this.houses[plan.house] ?? (this.houses[0] as House);
    const { random } = chanceOf(seed, `way of ${name}`);
    const path = new Path({ time: this.time, random, door: () => house.door }, plan);
    const person = new Person(name, plan, house, path, tab, {
      seed,
      ledger: this.ledger,
      talk: this.talk,
      being: (of, page) => this.being(of.name, plan.skew, path, page),
      loading: (loaded) => this.time.loading(loaded),
      tell: (what) => this.tell(what),
      later: (run, ms) => void this.time.setTimeout(run, ms),
    });
    this.people.push(person);
    return person;
  }

  being(agent: string, skew: Skew, path?: Path, tab?: () => ReturnType<VirtualTab['load']>): Being {
    this.#beings += 1;
    const id = this.#beings;
    const woke = (): void => {
      if (path !== undefined) path.run();
      else for (const person of this.people) person.path.run();
    };
    return beingOf({ id, time: this.time, chance: chanceOf(this.plan.seed, `being ${id}`), skew, agent, tab, woke });
  }

  tell(what: string): void {
    this.story.push(`${(this.time.now / 1_000).toFixed(3).padStart(8)} ${what}`);
  }

  /** After so long, or when the calm begins: whichever is first. */
  until(ms: number, undo: () => void): void {
    const once = (): void => {
      if (this.undoing.delete(once)) undo();
    };
    this.undoing.add(once);
    this.time.setTimeout(once, ms);
  }

  async run(): Promise<Outcome> {
    try {
      for (const house of this.houses) house.begin();
      for (const event of this.plan.events) {
        await this.time.advanceTo(event.at);
        for (const person of this.people) this.#wish(person);
        const what = happenings[event.kind](this, event);
        const took = typeof what === 'string' ? what : await what;
        if (took === null) continue;
        this.tell(`${event.kind}${took === '' ? '' : `: ${took}`}`);
        this.happened.set(event.kind, (this.happened.get(event.kind) ?? 0) + 1);
      }
      await this.#calm();
      await this.#end();
      judgeSafety(this.ledger);
      return this.#outcome();
    } finally {
      for (const house of this.houses) await house.remove();
    }
  }

  #wish(person: Person): void {
    if (!this.plan.idle.includes(this.people.indexOf(person))) person.wish();
  }

  async #calm(): Promise<void> {
    this.isCalm = true;
    this.tell('calm');
    for (const undo of [...this.undoing]) undo();
    // Nobody dies any more.
    for (const being of [...this.people.map(({ page }) => page), ...this.houses.map(({ being }) => being)])
      being?.dieAfter(Number.POSITIVE_INFINITY, () => undefined);
    for (const { path } of this.people) {
      path.conditions.latencyMs = calmLatencyMs;
      path.conditions.jitterMs = 0;
      path.heal();
    }
    const begunAt = this.time.now;
    while (this.time.now < begunAt + calmMs) {
      // Whoever died at the last moment is there again.
      for (const house of this.houses) if (house.isClosed) house.begin();
      if (this.time.now < begunAt + wishingMs) for (const person of this.people) this.#wish(person);
      await this.time.advanceTo(this.time.now + wishEveryMs);
    }
    await judgeCalm(this.ledger, this.houses, this.people, () => this.time.advanceTo(this.time.now + wishEveryMs));
    for (const house of this.houses)
      for (const { level, message, fields } of house.log.lines) {
        const text = `${message} ${String(fields.detail ?? fields.err ?? '')}`;
        this.ledger.test('nobody breaks the rules', !rulesBroken.has(String(fields.code)), `${house.name} logs: ${text}`);
        this.ledger.test(
          "a server has no trouble but its store's",
          level !== 'error' || trouble.test(message),
          `${house.name} logs: ${text}`,
        );
      }
  }

  async #end(): Promise<void> {
    for (const person of this.people) person.end();
    await this.time.advanceTo(this.time.now + endingMs);
    for (const house of this.houses) house.leave('close', () => undefined);
    await this.time.advanceTo(this.time.now + endingMs);
    for (const house of this.houses) this.ledger.test('a server closes', house.isClosed, house.name);
    judgeEnd(this.ledger, this.houses, this.people, this.time);
  }

  #outcome(): Outcome {
    const { ledger, people, happened, time } = this;
    const sum = (of: (person: Person) => number): number => people.reduce((total, person) => total + of(person), 0);
    let faults = 0;
    for (const [kind, count] of happened) if (isFault(kind)) faults += count;
    return {
      problems: ledger.problems,
      story: this.story,
      happened,
      faults,
      messages: ledger.sent.length,
      fates: fatesOf(ledger),
      tested: ledger.tested,
      lost: sum(({ lost }) => lost),
      resumed: sum(({ resumed }) => resumed),
      gaps: sum(({ gaps }) => gaps),
      livedMs: time.now,
      timers: time.fired,
    };
  }
}

const rulesBroken: ReadonlySet<string> = new Set(['ProtocolError', 'MessageTooLargeError', 'InvalidTextError']);
/** What a server says loudly where its store or a handler fails as it was told to. */
const trouble = /handler failed|passed over|the store (failed|does not write)|could not be (written|opened|read)/;

export const live = (plan: Plan): Promise<Outcome> => new Life(plan).run();
