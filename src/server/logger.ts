import { pino } from 'pino';

/** Where the server's log goes: pino's four methods. No field ever holds a credential, a token or a payload. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** The logger that the options name; pino where they name none. */
export const loggerOf = (logger: Logger | false | undefined): Logger =>
  logger === false ? silent : (logger ?? pino({ name: 'ninelives', level: 'info' }));
