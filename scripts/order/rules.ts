/**
 * The order of knowledge: `machines` <- `src/wire` <- `adapters` <- the rest of `src`. Client and server never import each other, and what
 * a browser loads stays free of Node and of what only the server needs. Pure.
 */
import { type Edge, reachable, type Tree } from './tree.js';

/** A forbidden import, as a sentence for the person who wrote it. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
  readonly why: string;
}

/** The adapters of each port. All other files of a port's folder are shared by its adapters, and know none of them. */
const ADAPTERS: Readonly<Record<string, readonly string[]>> = {
  transports: ['ninelives', 'stompx'],
  sockets: ['websocket', 'memory', 'ws'],
  stores: ['memory', 'sqlite', 'redis'],
  auth: ['function', 'webhook', 'jwt'],
  hosts: ['browser', 'node', 'virtual'],
};

const PRODUCT = /^(machines|adapters|src)\//;
const FUNCTIONAL = /^(fp-ts|io-ts)(\/|$)/;
const FUNCTIONAL_THAT_NODE_RESOLVES = /^(fp-ts|io-ts)(\/lib\/[\w/]+\.js)?$/;

/** The folders whose code runs in a browser; the codecs of src/wire are for the server and the tests. */
const isClientSide = (file: string): boolean =>
  /^(src\/client|adapters\/sockets|adapters\/transports|machines)\//.test(file) ||
  /^adapters\/hosts\/browser\b/.test(file) ||
  (file.startsWith('src/wire/') && !/codec/i.test(file));

/** `adapters/stores/sqlite/rows.ts`, `adapters/stores/sqlite-rows.ts`: the adapter `sqlite` of the port `stores`. */
const adapterOf = (file: string): { readonly port: string; readonly name: string | undefined } | undefined => {
  const [, port, first] = /^adapters\/([^/]+)\/([^/]+)/.exec(file) ?? [];
  if (port === undefined || first === undefined) return undefined;
  const name = /^[^.-]+/.exec(first)?.[0] ?? first;
  return { port, name: ADAPTERS[port]?.includes(name) ? name : undefined };
};

const whyNotBetweenAdapters = (from: string, to: string): string | undefined => {
  const [mine, other] = [adapterOf(from), adapterOf(to)];
  if (mine === undefined || other === undefined) return undefined;
  if (mine.port !== other.port) return `adapters of one port (${mine.port}) do not know those of another (${other.port})`;
  if (other.name !== undefined && mine.name !== other.name)
    return `${mine.name === undefined ? 'what the adapters of a port share' : 'an adapter'} knows no adapter (${other.name})`;
  return undefined;
};

const whyNotWithin = (from: string, to: string): string | undefined => {
  if (!PRODUCT.test(from)) return undefined;
  if (!PRODUCT.test(to)) return 'machines, adapters and src know only each other, not tests, scripts or pages';
  if (from.startsWith('machines/') && !to.startsWith('machines/')) return 'machines know only machines and xstate';
  if (from.startsWith('src/wire/') && !/^(machines|src\/wire)\//.test(to)) return 'src/wire knows only machines and itself';
  if (from.startsWith('adapters/') && !/^(machines|src\/wire|adapters)\//.test(to)) return 'adapters know only machines and src/wire';
  if (from.startsWith('src/client/') && to.startsWith('src/server/')) return 'the client does not know the server';
  if (from.startsWith('src/server/') && to.startsWith('src/client/')) return 'the server does not know the client';
  return whyNotBetweenAdapters(from, to);
};

const whyNotOutside = (from: string, name: string, typeOnly: boolean): string | undefined => {
  if (FUNCTIONAL.test(name) && !FUNCTIONAL_THAT_NODE_RESOLVES.test(name))
    return `tsc takes this specifier, but Node does not: write '${name.split('/')[0]}' or '${name.split('/')[0]}/lib/NAME.js'`;
  if (FUNCTIONAL.test(name) && !typeOnly && isClientSide(from))
    return 'client-side code imports fp-ts and io-ts as types only (`import type`), since each costs the browser kilobytes';
  if (from.startsWith('machines/') && !/^xstate(\/|$)/.test(name)) return 'machines know only machines and xstate';
  if (PRODUCT.test(from) && /^ninelives(\/|$)/.test(name))
    return 'own files are imported by path, or the order of knowledge could be walked around';
  return undefined;
};

const whyNot = (tree: Tree, from: string, edge: Edge): string | undefined => {
  if (edge.external !== undefined) return whyNotOutside(from, edge.external, edge.typeOnly);
  return whyNotWithin(from, edge.to) ?? (PRODUCT.test(from) && !tree.has(edge.to) ? 'there is no such file' : undefined);
};

/** What must not be loaded with an entry, by entry. */
const ENTRIES: Readonly<Record<string, (edge: Edge) => string | undefined>> = {
  'src/client/index.browser.ts': (edge) => {
    if (edge.external?.startsWith('node:')) return 'a browser has no Node module';
    if (edge.external === 'ws' || edge.external?.startsWith('ws/')) return 'a browser has its own WebSocket';
    return notForClients(edge);
  },
  'src/client/index.node.ts': (edge) => notForClients(edge),
};

const notForClients = (edge: Edge): string | undefined => {
  if (edge.external !== undefined && FUNCTIONAL.test(edge.external)) return 'a client does not load fp-ts or io-ts';
  return edge.to?.startsWith('src/server/') ? 'a client does not load the server' : undefined;
};

const overEntry = (tree: Tree, entry: string, forbidden: (edge: Edge) => string | undefined): readonly Violation[] =>
  [...reachable(tree, entry)].flatMap(([file, trail]) =>
    (tree.get(file) ?? []).flatMap((edge) => {
      const why = edge.typeOnly ? undefined : forbidden(edge);
      return why === undefined
        ? []
        : [{ file, line: edge.line, specifier: edge.specifier, why: `${why}; it is reached by ${trail.join(' -> ')}` }];
    }),
  );

/** Every import that breaks the order. */
export const violations = (tree: Tree): readonly Violation[] => [
  ...[...tree].flatMap(([file, edges]) =>
    edges.flatMap((edge) => {
      const why = whyNot(tree, file, edge);
      return why === undefined ? [] : [{ file, line: edge.line, specifier: edge.specifier, why }];
    }),
  ),
  ...Object.entries(ENTRIES).flatMap(([entry, forbidden]) => overEntry(tree, entry, forbidden)),
];
