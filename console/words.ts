/** What a state is called for people, and how it feels: the tones are the page's colours. */
import type { ClientSnapshot, EndReason, NineLivesError, Status } from '../src/client/index.browser.js';

export type Tone = 'rest' | 'busy' | 'good' | 'bad';

type View = Pick<ClientSnapshot, 'status' | 'substate' | 'endReason' | 'error'>;

/** The tone of a state. */
export const toneOf = ({ status, substate }: Pick<View, 'status' | 'substate'>): Tone => {
  switch (status) {
    case 'idle':
    case 'ended':
      return 'rest';
    case 'connecting':
    case 'authenticating':
    case 'ending':
      return 'busy';
    case 'active':
      return substate === 'suspect' ? 'busy' : 'good';
    case 'lost':
      return 'bad';
  }
};

/** The substate, where it says more than the status does. */
export const substateText = ({ status, substate }: Pick<View, 'status' | 'substate'>): string | null =>
  substate === null || substate === status ? null : substate;

const endings: Readonly<Record<EndReason, string>> = {
  ended: 'The session was ended.',
  denied: 'The session is over: its credential is no longer good.',
  revoked: 'The session is over: the server took it away.',
  superseded: 'The session is over: another one of this user took its place.',
  expired: 'The session is over: it was lost for too long.',
  gaveUp: 'The session is over: the client stopped trying to come back.',
  tooSlow: 'The session is over: this page read too slowly.',
};

/** The same for all that is tried: a screen reader would read each change, several times a second at first. The picture shows them. */
const lostText = (substate: View['substate']): string =>
  `The connection is gone, the session is not. ${substate === 'offline' ? 'There is no network.' : 'The client tries to come back.'}`;

const connectingText = (substate: View['substate']): string => {
  if (substate === 'waiting') return 'The last try failed; the next one is near.';
  return substate === 'offline' ? 'There is no network; the start waits for it.' : 'A connection is being opened.';
};

/** The state in a sentence or two. */
export const statusSentence = ({ status, substate, endReason, error }: View): string => {
  switch (status) {
    case 'idle':
      return error === null ? 'No session.' : 'No session: the start came to nothing.';
    case 'connecting':
      return connectingText(substate);
    case 'authenticating':
      return 'Connected. The server decides who comes in.';
    case 'active':
      return substate === 'suspect' ? 'The server has been silent for a while: it is being asked.' : 'Messages flow.';
    case 'lost':
      return lostText(substate);
    case 'ending':
      return 'The goodbye is out; what is on its way is being confirmed.';
    case 'ended':
      return endings[endReason ?? 'ended'];
  }
};

/** May a session be started? */
export const mayStart = (status: Status): boolean => status === 'idle' || status === 'ended';

/** An error in its parts: its message is the sentence about what happened, then the remedy. */
export const problemOf = ({ message, remedy }: NineLivesError): { readonly what: string; readonly remedy: string } => ({
  what: message.endsWith(` ${remedy}`) ? message.slice(0, -remedy.length - 1) : message,
  remedy,
});
