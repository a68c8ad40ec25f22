import { type Logger as Pino, pino } from 'pino';
import { PinoPretty } from 'pino-pretty';
import type { Settings } from '../config/settings.js';
import { settingDefaults } from '../config/settings.js';
import type { Io } from '../io.js';
import { wantsColor } from '../text.js';

/** Nothing here logs these; the fence is for what an app's own handlers log through the same logger. */
const SECRET_FIELDS = ['authParams', 'password', 'token', 'tokenHash', 'apiKey', 'apiKeys', 'authorization', 'cookie', 'secret'];

/** Lines for a person at a terminal, JSON lines for programs, unless the settings say which. */
export const isForPeople = ({ jsonLogs }: Settings, { stdout }: Pick<Io, 'stdout'>): boolean => !(jsonLogs ?? stdout.isTTY !== true);

/** The log of `serve`, on the standard output. */
export const logOf = (settings: Settings, io: Pick<Io, 'stdout' | 'env'>): Pino => {
  const destination = isForPeople(settings, io)
    ? PinoPretty({
        destination: io.stdout,
        colorize: wantsColor(io.stdout, io.env),
        translateTime: 'SYS:HH:MM:ss',
        ignore: 'pid,hostname,name',
        singleLine: true,
        sync: true,
      })
    : io.stdout;
  return pino(
    {
      name: 'ninelives',
      level: settings.logLevel ?? settingDefaults.logLevel,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
    },
    destination,
  );
};
