/** docs/lifecycle.md, from the session machine and its vocabulary. */
import type { CommandMethods } from '../../machines/session/public.js';
import { defaultSessionPolicy } from '../../machines/session/session.machine.js';
import { inside, overview } from './lifecycle/diagram.js';
import { everywhere, type StateRow, states, type Way } from './lifecycle/graph.js';
import { members, type Union } from './lifecycle/vocabulary.js';

const methods: CommandMethods = { START: 'startSession', END: 'endSession', RETRY: 'retryNow' };

const code = (word: string): string => `\`${word}\``;
const row = (...cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (headings: readonly string[], rows: readonly string[]): string =>
  [row(...headings), row(...headings.map(() => '---')), ...rows].join('\n');
const fence = (text: string): string => `\`\`\`mermaid\n${text}\n\`\`\``;

const targetOf = ({ to, says }: Way): string =>
  `${to === null ? 'noted' : `→ ${code(to)}`}${says === null ? '' : ` (emits ${code(says)})`}`;

/** `LINK_LOST`: final for a start → `idle` (emits `failed`); otherwise → `starting.waiting`. */
const leaves = (ways: readonly Way[]): string => {
  const events = [...new Set(ways.map(({ event }) => event))];
  return events
    .map((event) => {
      const ends = ways
        .filter((way) => way.event === event)
        .map((way) => (way.words === '' ? targetOf(way) : `${way.words} ${targetOf(way)}`));
      return `${code(event)} ${ends.join('; ')}`.replace(/^(`[^`]+`) (?!→|noted)/, '$1: ');
    })
    .join('<br>');
};

const stateRows = (state: StateRow): readonly string[] => [
  row(code(state.path), state.meaning, state.status ?? 'see its parts', leaves(state.ways)),
  ...state.inner.flatMap(stateRows),
];

const words = (union: Union): readonly string[] => members(union).map(([type, doc]) => row(code(type), doc));
const commands = members('Command').map(([type, doc]) => row(code(type), code(`${methods[type as keyof CommandMethods]}()`), doc));

const { startDeadlineMs, endDeadlineMs, giveUpAfterMs, offlineRetryMs, retry } = defaultSessionPolicy;
const ms = (value: number | null): string => (value === null ? 'none' : `${value.toLocaleString('en')} ms`);

const page = (): string => `<!-- Generated from machines/session/ by \`npm run generate\`. Change it there. -->

# The lifecycle of a session

One statechart is the whole truth of a client: what it is doing, what it will take and what it does next. This page is written from it.
The machine decides and does nothing: the connection is an actor that is provided from outside, and every step is a pure function of a state and an
event. \`ninelives/machine\` exports it, for tools and for tests of your own.

- **Commands** are what the app asks, **facts** what the world says, **emitted events** what the app hears.
- A command that a state does not list is not taken there: a \`START\` that is not taken is what \`SessionActiveError\` means.
- A fact of a link carries that link's number. What a former link still says is taken nowhere, so that two connections never mix; the tables do not repeat it.
- Which failures are *final for a start* and *final for a session* is said in the one table of reasons ([errors.md](errors.md)). *No network* is the platform's word, a hint: it
  is believed for waiting only, and not against a time to come back at that the server named.
- A start is over at its deadline whatever it is doing, and after \`END\` every state comes to rest within \`endDeadline\`. Nothing runs on in \`idle\` and \`ended\`.
- No credential and no token is in any event, state or context.

${fence(overview())}

Inside the states that have parts:

${states
  .filter(({ inner }) => inner.length > 0)
  .map((state) => `### ${state.path}\n\n${fence(inside(state))}`)
  .join('\n\n')}

## States

The public status is what \`getSnapshot()\` of a client says: status, and after the stroke the substate.

${table(['state', 'meaning', 'public status', 'leaves when'], states.flatMap(stateRows))}

In every state: ${leaves(everywhere).replaceAll('<br>', ', ')}. Where a state lists the event itself and its condition holds, that comes first.

## Commands

${table(['command', 'method', 'what it asks'], commands)}

## Facts

${table(['fact', 'what happened'], words('Fact'))}

## Emitted events

A listener that looks at the machine sees the state that it was told of.

${table(['event', 'when'], words('Emitted'))}

## What the link is told

${table(['command', 'what it asks'], words('LinkCommand'))}

## Delays

${table(
  ['delay', 'how long', 'default'],
  [
    row(code('startDeadline'), "the start's own `deadlineMs`, otherwise the policy's `startDeadlineMs`", ms(startDeadlineMs)),
    row(code('endDeadline'), '`endDeadlineMs`', ms(endDeadlineMs)),
    row(code('giveUp'), '`giveUpAfterMs`, counted from the loss through all tries', ms(giveUpAfterMs)),
    row(code('offlineRetry'), '`offlineRetryMs`', ms(offlineRetryMs)),
    row(code('retry'), "the server's `retryAfterMs` and a random part of its `spreadMs`; without these, see below", ''),
  ],
)}

The first try after a link that was healthy for ${ms(retry.healthyAfterMs)} is prompt, where the reason is of the class \`now\`. Every other wait is a random part of a range
that begins at ${ms(retry.baseMs)}, doubles with each try and ends at ${ms(retry.capMs)}. A link that was welcomed and lost before it was healthy does not start the count again.
`;

/** Registered in scripts/generators.ts. */
export const lifecycle = { path: 'docs/lifecycle.md', generate: page } as const;
