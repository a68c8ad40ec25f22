import type { LinkOptions, Openings } from '../../machines/ports/transport.js';
import type { HelloFields, StartFields } from '../../src/wire/frames.js';
import { protocolVersion, renewalFeature, resumeFeature, signInFeature, volatileFeature } from '../../src/wire/limits.js';

/** The hello of a link: what it asks for, and what it can do. */
export const helloOf = (
  { apiKey, agent, window, abandoned, resume }: Openings,
  { pingEveryMs }: LinkOptions,
  start: StartFields | undefined,
): HelloFields => ({
  v: protocolVersion,
  ...(apiKey === null ? {} : { key: apiKey }),
  agent,
  features: [resumeFeature, volatileFeature, renewalFeature, signInFeature],
  window,
  pingEveryMs,
  ...(start === undefined ? {} : { start }),
  ...(resume === null ? {} : { resume: resumeFields(resume) }),
  ...(abandoned === null ? {} : { abandoned: { session: abandoned.sessionId, tokens: abandoned.tokens } }),
});

const resumeFields = ({ sessionId, tokens, nextToken, positions, life }: NonNullable<Openings['resume']>): HelloFields['resume'] => {
  const { incarnation, ...rest } = positions;
  return { session: sessionId, tokens, next: nextToken, positions: rest, incarnation, ...(life === 0 ? {} : { life }) };
};
