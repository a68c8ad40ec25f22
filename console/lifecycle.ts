/** The lifecycle as a small picture: every state of the public status, with the present one lit. */
import type { ClientSnapshot, Status } from '../src/client/index.browser.js';
import { makeSvg } from './dom.js';
import { substateText, toneOf } from './words.js';

/** The picture's own units: it is as wide as a phone, so that its letters keep their size there. */
const WIDTH = 360;
const HEIGHT = 214;
const NODE = { width: 106, height: 40, round: 11 } as const;

/** Where each state stands, by its middle. A state that is added to the client and not here does not compile. */
const nodes: Readonly<Record<Status, readonly [x: number, y: number]>> = {
  idle: [54, 46],
  connecting: [180, 46],
  authenticating: [306, 46],
  lost: [180, 119],
  active: [306, 119],
  ended: [54, 192],
  ending: [180, 192],
};

interface Edge {
  readonly from: Status;
  readonly to: Status;
  readonly path: string;
  /** Not hoped for, and drawn so. */
  readonly mishap?: true;
}

const edges: readonly Edge[] = [
  { from: 'idle', to: 'connecting', path: 'M107 46H123' },
  { from: 'connecting', to: 'authenticating', path: 'M233 46H249' },
  { from: 'authenticating', to: 'active', path: 'M306 66V95' },
  { from: 'active', to: 'lost', path: 'M253 111H237', mishap: true },
  { from: 'lost', to: 'active', path: 'M233 127H249' },
  { from: 'active', to: 'ending', path: 'M306 139V182Q306 192 296 192H237' },
  { from: 'ending', to: 'ended', path: 'M127 192H111' },
  { from: 'lost', to: 'ended', path: 'M127 119H64Q54 119 54 129V168', mishap: true },
  { from: 'connecting', to: 'idle', path: 'M180 26V18Q180 8 170 8H64Q54 8 54 18V22', mishap: true },
  { from: 'authenticating', to: 'idle', path: 'M306 26V18Q306 8 296 8H170', mishap: true },
];

/** One head for all: only the last piece of a way back has none of its own, since it runs into another. */
const isTributary = ({ from, to }: Edge): boolean => from === 'authenticating' && to === 'idle';

const drawEdge = (edge: Edge): SVGElement =>
  makeSvg('path', {
    class: edge.mishap ? 'edge mishap' : 'edge',
    d: edge.path,
    ...(isTributary(edge) ? {} : { 'marker-end': 'url(#arrow)' }),
  });

const drawNode = (status: Status): SVGGElement => {
  const [x, y] = nodes[status];
  return makeSvg(
    'g',
    { class: 'node', 'data-state': status, transform: `translate(${x} ${y})` },
    makeSvg('rect', { x: -NODE.width / 2, y: -NODE.height / 2, width: NODE.width, height: NODE.height, rx: NODE.round }),
    makeSvg('text', { class: 'name', 'text-anchor': 'middle', dy: '0.35em' }, status),
    makeSvg('text', { class: 'substate', 'text-anchor': 'middle', y: 13 }),
  );
};

/** Draws the picture; the returned function shows another moment in it. */
export const drawLifecycle = (into: Element): ((snapshot: Pick<ClientSnapshot, 'status' | 'substate'>) => void) => {
  const states = Object.keys(nodes) as Status[];
  const drawn = new Map(states.map((status) => [status, drawNode(status)] as const));
  const arrow = makeSvg(
    'marker',
    { id: 'arrow', viewBox: '0 0 8 8', refX: 4, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto' },
    makeSvg('path', { class: 'arrow', d: 'M0 0L8 4L0 8Z' }),
  );
  const picture = makeSvg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img' },
    makeSvg('defs', {}, arrow),
    ...edges.map(drawEdge),
    ...drawn.values(),
  );
  into.replaceChildren(picture);
  return (snapshot) => {
    const substate = substateText(snapshot);
    for (const [status, node] of drawn) {
      const isCurrent = status === snapshot.status;
      node.classList.toggle('current', isCurrent);
      node.classList.toggle('with-substate', isCurrent && substate !== null);
      node.dataset.tone = isCurrent ? toneOf(snapshot) : 'none';
      const line = node.querySelector('.substate');
      if (line !== null) line.textContent = isCurrent ? (substate ?? '') : '';
    }
    picture.setAttribute(
      'aria-label',
      `The states of a session: ${states.join(', ')}. Now: ${snapshot.status}${substate === null ? '' : `, ${substate}`}.`,
    );
  };
};
