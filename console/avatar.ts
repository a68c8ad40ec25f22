import { make } from './dom.js';

/** Degrees of the colour circle. */
const HUES = 360;
/** Any odd number that spreads short names. */
const SPREAD = 31;

/** The first letter of a name on the name's own colour. It says nothing that the name beside it does not. */
export const avatarOf = (name: string): HTMLSpanElement =>
  dress(make('span', { class: 'avatar', attributes: { 'aria-hidden': 'true' } }), name);

/** The same for an element that is there already. */
export const dress = <E extends HTMLElement>(avatar: E, name: string): E => {
  const [first = ''] = new Intl.Segmenter().segment(name).containing(0)?.segment.toUpperCase() ?? '';
  const hue = [...name].reduce((sum, letter) => (sum * SPREAD + (letter.codePointAt(0) ?? 0)) % HUES, 0);
  avatar.textContent = first;
  avatar.style.setProperty('--hue', `${hue}`);
  return avatar;
};
