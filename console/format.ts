/** Numbers and times as people read them. */

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** `14:03:59`. */
export const timeText = (at: Date): string => timeOfDay.format(at);

/** A `time` element's machine-readable half; empty where there is no such date. */
export const isoText = (at: Date): string => (Number.isNaN(at.getTime()) ? '' : at.toISOString());

/** `12.4 ms`. */
export const millisecondsText = (ms: number): string => `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;

/** `in 3 s`; `now` once it is due. */
export const countdownText = (untilMs: number): string => (untilMs <= 0 ? 'now' : `in ${Math.ceil(untilMs / 1000)} s`);

/** `1 message`, `2 messages`. */
export const countText = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;
