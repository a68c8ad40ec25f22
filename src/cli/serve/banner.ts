import { count, type Palette } from '../text.js';

/** What a person wants to know of a server that has just begun to listen. No secret is in it. */
export interface Listening {
  readonly version: string;
  readonly page: string;
  readonly url: string;
  /** Null: in memory. */
  readonly store: string | null;
  /** How many API keys there are. */
  readonly keys: number;
  readonly guests: boolean;
  /** Those who may sign in with a password. */
  readonly names: readonly string[];
  /** How else authParams are judged: `webhook`, `jwks`, `authenticate`. */
  readonly judge: string | null;
  readonly app: 'chat room' | 'setup';
  readonly configFile: string | null;
  /** May requests come from other machines? */
  readonly isPublic: boolean;
}

/** More would be a list, not a hint. */
const NAMES_SHOWN_MAX = 5;

const keysLine = ({ keys, isPublic }: Listening): string => {
  if (keys > 0) return `${count(keys, 'API key')}: clients have to show ${keys === 1 ? 'it' : 'one of them'}`;
  return isPublic ? 'none, so that only clients on this machine are served (--api-key)' : 'none: clients on this machine need no API key';
};

const signInLine = ({ names, judge }: Listening): string => {
  if (judge !== null) return `decided by ${judge}`;
  if (names.length === 0) return 'nobody, as nothing decides on passwords (--password, --webhook, --jwks)';
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  return `${names.slice(0, NAMES_SHOWN_MAX).join(', ')}${more}, with a password`;
};

export const bannerOf = (server: Listening, { strong, faint, accent, warn }: Palette): string => {
  const rows: readonly (readonly [string, string])[] = [
    ['page', accent(server.page)],
    ['clients', accent(server.url)],
    ['store', server.store ?? 'in memory: nothing outlives this process'],
    ['keys', server.keys === 0 && server.isPublic ? warn(keysLine(server)) : keysLine(server)],
    ['guests', server.guests ? 'yes' : 'no'],
    ['sign in', signInLine(server)],
    ['app', server.app === 'setup' ? 'the `setup` of the configuration file' : 'the built-in chat room: `ninelives chat` talks to it'],
    ...(server.configFile === null ? [] : [['config', server.configFile] as const]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = rows.map(([name, text]) => `  ${faint(name.padEnd(width))}  ${text}`);
  return `\n  ${strong(`Nine Lives ${server.version}`)}\n\n${lines.join('\n')}\n\n  ${faint('Ctrl-C stops it.')}\n\n`;
};
