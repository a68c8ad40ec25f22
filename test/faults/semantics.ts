/** What a fault run's results say about the promise: docs/semantics.json, and the page that is made of it. Pure. */
import type { Verdict } from './ledger.js';
import type { LongRunResult } from './long-run.js';
import type { Promised } from './rows.js';
import type { Cell, RowResult } from './run-row.js';

/** Where the results of a run are kept. */
export const resultsFile = 'docs/semantics.json';

type KeptCell = Pick<Cell, 'promised' | 'kept'> & Verdict;

/** What is kept of a run: no dates, no machine. */
export interface SemanticsFile {
  readonly rows: readonly {
    readonly name: string;
    readonly what: string;
    readonly faults: number;
    readonly up: KeptCell;
    readonly down: KeptCell;
    readonly ok: boolean;
  }[];
  readonly long: Pick<LongRunResult, 'seed' | 'faults' | 'up' | 'down' | 'ok'> | null;
}

/** What this run found, and of what it did not try what an earlier one did. */
export const semanticsOf = (results: readonly RowResult[], long: LongRunResult | null, before?: SemanticsFile): SemanticsFile => {
  const found = results.map(({ name, what, faults, up, down, ok }) => ({ name, what, faults, up, down, ok }));
  const earlier = before?.rows ?? [];
  const kept = earlier.map((row) => found.find(({ name }) => name === row.name) ?? row);
  return {
    rows: [...kept, ...found.filter(({ name }) => !earlier.some((row) => row.name === name))],
    long: long === null ? (before?.long ?? null) : { seed: long.seed, faults: long.faults, up: long.up, down: long.down, ok: long.ok },
  };
};

const promises: Readonly<Record<Promised, string>> = {
  once: 'once, in order',
  marked: 'at least once, in order; repeats are marked',
  told: 'once, or handed back',
  gone: 'once, or gone with its sender',
};

const cellText = ({ promised, kept, sent, handled, lost, doubled, reordered, repeated, handedBack, uncommitted }: KeptCell): string => {
  const found = [
    ...(promised === 'gone' ? [] : [[lost, 'lost']]),
    [doubled, 'doubled'],
    [reordered, 'reordered'],
    [repeated, 'repeated with a mark'],
    [handedBack, 'handed back'],
    [uncommitted, 'of a turn that was never committed'],
    ...(promised === 'gone' ? [[lost, 'gone']] : []),
  ].filter(([count]) => (count as number) > 0);
  const figures = `${handled} of ${sent}${found.map(([count, word]) => `, ${count} ${word}`).join('')}`;
  return `${kept ? '' : '**not kept:** '}${promises[promised]} (${figures})`;
};

const longText = (long: NonNullable<SemanticsFile['long']>): string => {
  const faults = Object.values(long.faults).reduce((sum, count) => sum + count, 0);
  const kinds = Object.entries(long.faults).map(([kind, count]) => `${count} ${kind}`);
  const direction = ({ sent, lost, doubled, reordered, repeated, uncommitted }: Verdict): string =>
    `${sent} sent, ${lost} lost, ${doubled} doubled, ${reordered} reordered, ${repeated} repeated with a mark${uncommitted > 0 ? `, ${uncommitted} of turns that were never committed` : ''}`;
  return `## Many faults in one session

One session of ${long.up.sent + long.down.sent} messages over ${faults} faults at random moments (seed ${long.seed}): ${kinds.join(', ')}.

- Up: ${direction(long.up)}.
- Down: ${direction(long.down)}.
`;
};

/** The whole page. */
export const semanticsPage = ({ rows, long }: SemanticsFile): string =>
  `<!-- Generated from ${resultsFile}, which \`npm run faults -- --write\` writes. Change it there. -->

# What is promised, and what was found

Each row is a fault that was made to happen between a real client and a real server, in processes of their own, while numbered messages went both ways. A cell says
what is promised of what one side sent, and in brackets what the last run found: how many messages were handled, of how many. *Up* is from client to server.
[named-tests.md](named-tests.md) lists the faults that have a test of their own.

- **Once, in order**: every message that \`send\` accepted is handled once, in the order of sending.
- **At least once, marked**: where a process died with a handler running, its messages are handled again, with \`message.redelivered\` set. A message's \`id\` is the
  same each time: keep the ids of what you did, with what you did, and a repeat is seen.
- **Once, or handed back**: what is not known as handled is handed back to its sender (\`gap\` on a client, \`ended\` on a server). It may have been handled: nothing is sent again by itself.
- **Gone with its sender**: the sender's memory died with what it had not shipped. The other side hears of the break (\`gap\`), and handles nothing twice.

| fault | up | down |
|---|---|---|
${rows.map(({ what, faults, up, down }) => `| ${what}${faults > 1 ? ` (${faults} times)` : ''} | ${cellText(up)} | ${cellText(down)} |`).join('\n')}

${long === null ? '' : longText(long)}
## Limits

- A session that nobody resumes within \`resumeWindowMs\` is over, and both sides are handed what is unconfirmed.
- Volatile messages are promised nothing; one with \`ttlMs\` may be reported \`expired\` instead of handled; one with \`replaceKey\` may be \`replaced\` before it is shipped.
- What a server sends in a turn in which it is killed was never committed and never left: it is as if it had not been sent.
- A handler that throws has handled its message: \`failed\`, with no second try.
- A request waits for room at the other side like a message. Where both sides are full of messages whose handlers await a request to the other, each handler waits for its request's timeout.
`;
