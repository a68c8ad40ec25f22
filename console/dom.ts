/** The few words that this page needs of the DOM. All text goes in as text, never as markup. */

/** The element of this id in index.html. @throws where it is not there: the page and its script belong together. */
export const byId = <E extends Element>(id: string, kind: abstract new () => E): E => {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} of the id ${id}.`);
  return found;
};

interface Made {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** A new HTML element. */
export const make = <T extends keyof HTMLElementTagNameMap>(
  tag: T,
  made: Made = {},
  ...children: readonly Node[]
): HTMLElementTagNameMap[T] => {
  const element = document.createElement(tag);
  if (made.class !== undefined) element.className = made.class;
  if (made.text !== undefined) element.textContent = made.text;
  for (const [name, value] of Object.entries(made.attributes ?? {})) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

/** A new SVG element. */
export const makeSvg = <T extends keyof SVGElementTagNameMap>(
  tag: T,
  attributes: Readonly<Record<string, string | number>> = {},
  ...children: readonly (Node | string)[]
): SVGElementTagNameMap[T] => {
  const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, `${value}`);
  element.append(...children);
  return element;
};

/** Set a text where it is another one: live regions read out what is written into them, changed or not. */
export const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

/** Keep a list at its bound: what is too much goes from the given end. */
export const trim = (list: Element, max: number, from: 'first' | 'last'): void => {
  while (list.childElementCount > max) list[from === 'first' ? 'firstElementChild' : 'lastElementChild']?.remove();
};
