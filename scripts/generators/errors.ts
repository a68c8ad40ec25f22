/** docs/errors.md, from the one table of reasons. */
import { type NextStep, type Reason, type ReasonCode, reasonCodes, reasons, type Sayer } from '../../machines/reasons.js';
import { remedyOf } from '../../machines/remedies.js';

const WHO: Readonly<Record<Sayer, string>> = {
  server: 'the server',
  either: 'either side',
  local: "the client's own process",
};

const NEXT: Readonly<Record<NextStep, string>> = {
  stop: 'stops: it does not try again by itself',
  backOff: 'backs off: it tries again after a growing, jittered wait, or the wait that the server named',
  now: 'tries again at once where the link was healthy, then backs off',
};

const overview = (code: ReasonCode): string => {
  const { next, retryable, closeCode, ends }: Reason = reasons[code];
  return `| [${code}](#${code.toLowerCase()}) | ${retryable ? 'yes' : 'no'} | ${next} | ${closeCode ?? ''} | ${ends ?? ''} |`;
};

const entry = (code: ReasonCode): string => {
  const { what, retryable, sayer, next, start, closeCode, ends }: Reason = reasons[code];
  return [
    `### ${code}`,
    '',
    `${what} ${remedyOf(code)}`,
    '',
    `- Retryable: ${retryable ? 'yes, the same call may succeed later' : 'no, not without a change'}.`,
    `- Said by ${WHO[sayer]}.`,
    `- The client ${NEXT[next]}. A start that meets it ${start === 'fails' ? 'fails at once' : 'is retried until its deadline'}.`,
    ...(ends === null ? [] : [`- A live session that meets it is over, with the reason \`${ends}\`.`]),
    ...(closeCode === null ? [] : [`- WebSocket close code: ${closeCode}.`]),
    '',
  ].join('\n');
};

/** The whole page. */
export const errorsPage = (): string =>
  `<!-- Generated from machines/reasons.ts and machines/remedies.ts by \`npm run generate\`. Change it there. -->

# Errors

Every failure has a stable \`code\`. It is the name of the error that the API gives (\`error.code\`), the word in the logs and the word on the
wire. \`error.message\` says what happened, \`error.remedy\` what to do about it, and \`error.retryable\` whether the same call may succeed later
without any change on your side. In a bundle for browsers, where every sentence costs each visitor, \`error.remedy\` names the entry of this page.

What the client does next, in three classes:

- \`stop\`: it ${NEXT.stop.replace(/^stops: it /, '')}.
- \`backOff\`: it ${NEXT.backOff.replace(/^backs off: it /, '')}.
- \`now\`: it ${NEXT.now}.

Close codes from 4000 to 4999 are ours, those below are RFC 6455's. A code that has none is never the reason for closing a socket. "Ends as" is
the reason that a live session which meets it is over with; where there is none, the session goes on, perhaps as \`lost\`.

| code | retryable | the client's next step | close code | ends as |
|---|---|---|---|---|
${reasonCodes.map(overview).join('\n')}

${reasonCodes.map(entry).join('\n')}`;
