/** Every setting there is: what it may be, and by which names flags, variables and the configuration file call it. */
import * as t from 'io-ts';
import type { Server, ServerOptions } from '../../server/index.js';
import { Authenticate, address, Callable, Flag, isOrigin, listOf, oneOf, Passwords, Port, Text } from './codecs.js';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** All of it at once: each value that is wrong is told, not only the first. */
export const SettingsCodec = t.partial(
  {
    port: Port,
    host: Text,
    store: Text,
    apiKeys: listOf(() => true),
    guests: Flag,
    origins: listOf(isOrigin),
    logLevel: oneOf(...logLevels),
    jsonLogs: Flag,
    passwords: Passwords,
    webhook: address('http:', 'https:'),
    webhookSecret: Text,
    jwks: address('http:', 'https:'),
    jwtIssuer: Text,
    jwtAudience: Text,
    authenticate: Authenticate,
    setup: Callable,
    options: t.UnknownRecord,
  },
  'Settings',
);

export type Settings = t.TypeOf<typeof SettingsCodec>;
export type SettingName = keyof Settings;

export interface SettingInfo {
  /** Completes "it has to be". */
  readonly mayBe: string;
  readonly flag?: string;
  readonly variable?: string;
  /** Its value is never shown. */
  readonly secret?: true;
}

export const settingInfos: Readonly<Record<SettingName, SettingInfo>> = {
  port: { mayBe: 'a whole number from 0 to 65535 (0 picks a free port)', flag: '--port', variable: 'NINELIVES_PORT' },
  host: { mayBe: 'a name or an address of this machine, such as 127.0.0.1 or 0.0.0.0', flag: '--host', variable: 'NINELIVES_HOST' },
  store: { mayBe: '`memory`, or the path of a file', flag: '--store', variable: 'NINELIVES_STORE' },
  apiKeys: {
    mayBe: 'a list of keys, none of them empty (in a variable, with commas between)',
    flag: '--api-key',
    variable: 'NINELIVES_API_KEYS',
    secret: true,
  },
  guests: { mayBe: 'true or false', flag: '--guests', variable: 'NINELIVES_GUESTS' },
  origins: {
    mayBe: 'a list of origins like https://example.com, without a path (in a variable, with commas between)',
    flag: '--origin',
    variable: 'NINELIVES_ORIGINS',
  },
  logLevel: { mayBe: `one of ${logLevels.join(', ')}`, flag: '--log-level', variable: 'NINELIVES_LOG_LEVEL' },
  jsonLogs: { mayBe: 'true or false', flag: '--json-logs', variable: 'NINELIVES_JSON_LOGS' },
  passwords: { mayBe: 'NAME=PASSWORD, each name once (in a file, { NAME: PASSWORD })', flag: '--password', secret: true },
  webhook: {
    mayBe: 'an http: or https: address without a name or password in it',
    flag: '--webhook',
    variable: 'NINELIVES_WEBHOOK',
    secret: true,
  },
  webhookSecret: { mayBe: 'a text that is not empty', variable: 'NINELIVES_WEBHOOK_SECRET', secret: true },
  jwks: {
    mayBe: 'an http: or https: address without a name or password in it',
    flag: '--jwks',
    variable: 'NINELIVES_JWKS',
    secret: true,
  },
  jwtIssuer: { mayBe: 'a text that is not empty', flag: '--jwt-issuer', variable: 'NINELIVES_JWT_ISSUER' },
  jwtAudience: { mayBe: 'a text that is not empty', flag: '--jwt-audience', variable: 'NINELIVES_JWT_AUDIENCE' },
  authenticate: { mayBe: "a function, or what `webhook(...)` or `jwt(...)` of 'ninelives/server' gives" },
  setup: { mayBe: 'a function that is given the server' },
  options: { mayBe: 'an object with further options of createServer' },
};

export const settingNames = Object.keys(settingInfos) as readonly SettingName[];

/** What holds where nobody says otherwise. */
export const settingDefaults = {
  /** The port of the docs' examples. */
  port: 4150,
  /** A server that nobody configured is reached from this machine alone. */
  host: '127.0.0.1',
  store: '.ninelives/ninelives.db',
  logLevel: 'info',
} as const;

/** The store that keeps nothing. */
export const MEMORY = 'memory';

/** What a configuration file exports as its default. */
export interface Config {
  readonly port?: number;
  readonly host?: string;
  /** `memory`, or a path, relative to the configuration file. */
  readonly store?: string;
  readonly apiKeys?: readonly string[];
  readonly guests?: boolean;
  readonly origins?: readonly string[];
  readonly logLevel?: (typeof logLevels)[number];
  readonly jsonLogs?: boolean;
  /** Password by name. For trying out. */
  readonly passwords?: Readonly<Record<string, string>>;
  readonly webhook?: string;
  readonly webhookSecret?: string;
  readonly jwks?: string;
  readonly jwtIssuer?: string;
  readonly jwtAudience?: string;
  readonly authenticate?: ServerOptions['authenticate'];
  /** Registers the app's handlers, in place of the built-in chat room. */
  readonly setup?: (server: Server) => unknown;
  /** Further options of createServer: times and limits. */
  readonly options?: Omit<ServerOptions, 'apiKeys' | 'guests' | 'store' | 'origins' | 'logger' | 'authenticate'>;
}
