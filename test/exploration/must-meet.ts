/** What the rules are about: a run of all configurations in which one of these was never met has shown nothing of its rule. */

export const modelMustMeet: readonly string[] = [
  'a client came back after a reload',
  'a hello came late',
  'a resume was answered with gone',
  'a session outlived its process',
  'a session took the place of one that was gone',
  'a session was taken over',
  'a start that was repeated came to its session',
  'a token that was not current was refused',
  'answered',
  'came to rest',
  'came to rest after the end',
  'confirmed',
  'a last word',
  'a resume came to a session that is over',
  'handed back',
  'handed back as not handled',
  'handled',
  'positions that do not fit',
  'repeated with a mark',
  'resumed',
  'told as failed',
];

/** Of the shipped code. */
export const shippedMustMeet: readonly string[] = [
  'a connection was compared',
  'a hello came late',
  'a hello came to its session',
  'a resume was answered with gone',
  'an identity was compared',
  'answered',
  'came to rest',
  'came to rest ended',
  'confirmed',
  'done for a former life',
  'gone with its process',
  'handed back',
  'handed back as not handled',
  'handled',
  'renewed',
  'repeated with a mark',
  'signed in',
  'the client kept what it told',
  'the page was loaded again',
  'the server died',
  'the server kept what it told',
  'the store failed',
  'told as failed',
  'volatile handled',
];

/** Which of these none of the outcomes met. */
export const neverMet = (
  must: readonly string[],
  outcomes: readonly { readonly met: Readonly<Record<string, number>> }[],
): readonly string[] => must.filter((what) => !outcomes.some(({ met }) => (met[what] ?? 0) > 0));
