/** What the checkers of the simulation say of each way in which a promise is broken, and that they are silent where none is. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Ledger, type Run, type Sent, type Way } from './check/ledger.js';
import { judgeSafety } from './check/safety.js';

const checking = suite('the checker for safety');

/** The server's process and the one after it; a page and the one after it. */
const [process1, process2, page1] = [1, 2, 3] as const;
let runs = 0;

const sent = (ledger: Ledger, about: Partial<Sent> = {}): Sent => {
  const way: Way = about.way ?? 'up';
  const entry = ledger.accepted({
    session: 's',
    way,
    kind: 'message',
    manner: 'at once',
    mayExpire: false,
    mayBeReplaced: false,
    users: ['jane'],
    keeper: page1,
    ...about,
  });
  ledger.receives('s', way, process1);
  return entry;
};

const run = (entry: Sent, about: Partial<Run> = {}): void => {
  runs += 1;
  const id = `s:${entry.way}:${entry.number}`;
  entry.runs.push({ at: runs, being: process1, redelivered: false, user: 'jane', id, ...about });
};

const handled = (ledger: Ledger): Sent => {
  const entry = sent(ledger);
  run(entry);
  return Object.assign(entry, { status: 'handled' as const, statusBy: page1 });
};

const broken = (ledger: Ledger): readonly string[] => {
  judgeSafety(ledger);
  return [...new Set(ledger.problems.map(({ rule }) => rule))];
};

const says = (title: string, rules: readonly string[], tell: (ledger: Ledger) => void): void => {
  checking(title, () => {
    const ledger = new Ledger();
    tell(ledger);
    assert.equal(broken(ledger), rules);
  });
};

says('is content with what is handled once and in order', [], (ledger) => {
  handled(ledger);
  handled(ledger);
});
says('is content with a repeat in a later process that is marked', [], (ledger) => {
  const entry = handled(ledger);
  ledger.receives('s', 'up', process2);
  run(entry, { being: process2, redelivered: true });
});
says('finds what was lost', ['what is accepted is handled or handed back', 'what is said to be handled was'], (ledger) => {
  Object.assign(sent(ledger), { status: 'handled', statusBy: page1 });
});
says(
  'finds what was doubled',
  [
    'messages are handled again in the order of sending',
    'nothing is handled twice by one process or page',
    'what may have been handled before is marked',
  ],
  (ledger) => {
    run(handled(ledger));
  },
);
says(
  'finds what was reordered',
  ['messages are handled in the order of sending', 'messages are handled again in the order of sending'],
  (ledger) => {
    const [first, second] = [sent(ledger), sent(ledger)];
    run(second);
    run(first);
  },
);
says('finds what was handled for somebody else', ['a message is handled for whom it was said'], (ledger) => {
  run(sent(ledger), { user: 'joe' });
});
says('finds what came into another session', ['a message stays in its session'], (ledger) => {
  run(sent(ledger), { id: 't:up:1' });
});
says('finds a number that was given twice', ['an id names one message'], (ledger) => {
  for (const entry of [sent(ledger), sent(ledger)]) run(entry, { id: 's:up:1' });
});
says('finds a repeat without a mark', ['what may have been handled before is marked'], (ledger) => {
  const entry = handled(ledger);
  ledger.receives('s', 'up', process2);
  run(entry, { being: process2 });
});
says('finds a mark where nobody died', ['a mark says that its handler may have died'], (ledger) => {
  run(sent(ledger), { redelivered: true });
});
says('finds what was handed back as not handled, and was', ['what is handed back as not handled was not'], (ledger) => {
  const entry = sent(ledger);
  run(entry);
  ledger.handedBack({ kind: 'message', type: 'say', payload: { n: entry.number }, shipped: true, handled: 'no' }, page1);
});
says('finds what was handed back twice', ['nothing is handed back twice'], (ledger) => {
  const entry = sent(ledger);
  for (let times = 0; times < 2; times += 1)
    ledger.handedBack({ kind: 'message', type: 'say', payload: { n: entry.number }, shipped: true, handled: 'unknown' }, page1);
});
says('finds what was confirmed and handed back', ['what is confirmed is not handed back'], (ledger) => {
  const entry = handled(ledger);
  ledger.handedBack({ kind: 'message', type: 'say', payload: { n: entry.number }, shipped: true, handled: 'unknown' }, page1);
});
says('finds what is not known, and not handed back', ['what is unknown is handed back'], (ledger) => {
  const entry = sent(ledger);
  run(entry);
  Object.assign(entry, { status: 'unknown', statusBy: page1 });
});
says('finds an answer that nobody gave', ['what is answered was asked'], (ledger) => {
  Object.assign(sent(ledger, { kind: 'request' }), { answer: 'reply' });
});
says('finds a request that is said not to be handled, and was', ['what is said not to be handled was not'], (ledger) => {
  const entry = sent(ledger, { kind: 'request' });
  run(entry);
  Object.assign(entry, { answer: 'not handled' });
});
says('asks nothing of what died with its sender', [], (ledger) => {
  sent(ledger);
  ledger.died(page1, () => false);
});
says('asks of the next page what the one before left to it', ['what is accepted is handled or handed back'], (ledger) => {
  sent(ledger);
  ledger.died(page1, () => true);
  ledger.recovered('s', 'up', page1 + 1);
});

checking.run();
