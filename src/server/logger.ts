import { pino } from 'pino';

/** Where the server's log goes: pino's four methods. No field ever holds a credential, a token or a payload. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const methods = ['debug', 'info', 'warn', 'error'] as const;

/** A log that fails costs a line, and nobody's session. */
const guarded = (logger: Logger): Logger =>
  Object.fromEntries(
    methods.map((method) => [
      method,
      (fields: object, message: string): void => {
        try {
          logger[method](fields, message);
        } catch (error) {
          console.error(`ninelives: the logger failed at: ${message}`, error);
        }
      },
    ]),
  ) as unknown as Logger;

/** The logger that the options name; pino where they name none. */
export const loggerOf = (logger: Logger | false | undefined): Logger =>
  logger === false ? silent : guarded(logger ?? pino({ name: 'ninelives', level: 'info' }));
