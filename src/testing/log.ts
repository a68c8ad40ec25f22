import type { Logger } from '../server/index.js';

/** A line that the server logged. */
export interface LogLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: object;
}

/** How many lines are kept, the last ones: a failing test shows a handful of them. */
const linesMax = 1_000;

/** A logger that keeps its lines. */
export const keptLog = (): { readonly logger: Logger; readonly lines: readonly LogLine[] } => {
  const lines: LogLine[] = [];
  const at =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      lines.push({ level, message, fields });
      if (lines.length > linesMax) lines.shift();
    };
  return { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines };
};
