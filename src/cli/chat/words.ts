import type { ClientSnapshot, EndReason } from '../../client/index.node.js';
import type { ChatMessage } from '../chat-room.js';
import { clip, count, type Palette, printable, timeOfDay } from '../text.js';

/** What a person sees of a chat: pure functions from what happened to a line. */

const endings: Readonly<Record<EndReason, string>> = {
  ended: 'the session is over',
  denied: 'the server does not admit this user any more',
  revoked: 'the server took the session away',
  superseded: 'another session of this user took its place',
  expired: 'the session was lost for too long',
  gaveUp: 'the server did not come back in time',
  tooSlow: 'this side read too slowly',
};

/** A reason on one line. */
const REASON_SHOWN_MAX = 160;

const MS_PER_S = 1000;
const soon = (retryAt: number | null, now: number): string =>
  retryAt === null ? '' : `; next try in ${(Math.max(0, retryAt - now) / MS_PER_S).toFixed(1)} s`;

const because = ({ error }: ClientSnapshot): string => (error === null ? '' : ` (${clip(printable(error.message), REASON_SHOWN_MAX)})`);

/** A client's status as a sentence. Two views with the same sentence are the same to a person. */
export const statusLine = (view: ClientSnapshot, url: string, now: number, { good, warn, bad, faint }: Palette): string => {
  const { status, substate, user, unconfirmed } = view;
  switch (status) {
    case 'idle':
      return faint('idle');
    case 'connecting':
      if (substate === 'waiting') return warn(`connecting: no connection yet${because(view)}${soon(view.retryAt, now)}`);
      return substate === 'offline' ? warn('connecting: this machine is offline') : faint(`connecting to ${url}`);
    case 'authenticating':
      return faint('authenticating');
    case 'active':
      if (substate === 'suspect') return warn('active, but nothing is heard: a probe is out');
      return good(`active as ${printable(user?.name ?? '')}${user?.isGuest ? ', a guest' : ''}`);
    case 'lost':
      if (substate === 'waiting') return warn(`lost${because(view)}${soon(view.retryAt, now)}`);
      return warn(substate === 'offline' ? 'lost: this machine is offline' : `lost: ${substate}, try ${view.attempt}`);
    case 'ending':
      return faint(unconfirmed === 0 ? 'ending' : `ending: ${count(unconfirmed, 'message')} to be confirmed`);
    case 'ended':
      return view.endReason === null || view.endReason === 'ended' ? faint('ended') : bad(`ended: ${endings[view.endReason]}`);
  }
};

/** A message of somebody, or one's own. */
export const messageLine = ({ from, text, at }: ChatMessage, own: string, { faint, accent, good }: Palette): string => {
  const name = printable(from);
  return `${faint(timeOfDay(new Date(at)))} ${from === own ? good(name) : accent(name)}  ${printable(text)}`;
};

export const helpText = `/whoami  asks the server who you are
/status  says how the session is
/quit    ends the session, as Ctrl-D and Ctrl-C do
//text   sends a line that begins with /`;

export type Line =
  | { readonly kind: 'say'; readonly text: string }
  | { readonly kind: 'quit' | 'whoami' | 'status' | 'help' | 'nothing' }
  | { readonly kind: 'unknown'; readonly command: string };

const commands = ['quit', 'whoami', 'status', 'help'] as const;

/** What a typed line means. */
export const readLine = (line: string): Line => {
  if (line.trim() === '') return { kind: 'nothing' };
  if (!line.startsWith('/')) return { kind: 'say', text: line };
  if (line.startsWith('//')) return { kind: 'say', text: line.slice(1) };
  const word = line.slice(1).trim();
  const command = commands.find((name) => name === word);
  return command === undefined ? { kind: 'unknown', command: clip(printable(line), 40) } : { kind: command };
};
