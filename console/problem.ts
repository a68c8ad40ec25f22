/** The notice of what went wrong: code, what happened, what to do about it. */
import type { NineLivesError } from '../src/client/index.browser.js';
import { make } from './dom.js';
import { problemOf, type Tone } from './words.js';

/** What the user did on purpose is no problem. */
const isNews = (error: NineLivesError): boolean => error.code !== 'StartAbortedError';

const draw = (error: NineLivesError, tone: Tone): HTMLElement => {
  const { what, remedy } = problemOf(error);
  const { cause } = error;
  return make(
    'div',
    { class: 'notice', attributes: { 'data-tone': tone, 'data-code': error.code } },
    make('h2', { text: error.code }),
    make('p', { text: what }),
    ...(cause instanceof Error ? [make('p', { text: `The last try met ${cause.name}: ${cause.message}` })] : []),
    make('p', { class: 'remedy', text: remedy }),
  );
};

/** Shows problems in a live region: what is shown already is not read out again. */
export const problemNotice = (region: HTMLElement): ((error: NineLivesError | null, tone?: Tone) => void) => {
  let shown = '';
  return (error, tone = 'bad') => {
    const key = error === null || !isNews(error) ? '' : `${tone} ${error.code} ${error.message}`;
    if (key === shown) return;
    shown = key;
    region.replaceChildren(...(error === null || key === '' ? [] : [draw(error, tone)]));
  };
};
