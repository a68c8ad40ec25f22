/** Frames as text. A payload is JSON text already and is put in as it stands: serialised once, however many receive it. */
import type { ItemOptions } from '../../machines/stream/packets.js';
import type { DenyFields, HelloFields, OutboundFrame, PositionFields, WelcomeFields } from './frames.js';
import { detailLengthMax } from './limits.js';

const exceptionsToJson = (exceptions: PositionFields['exceptions']) =>
  exceptions.length === 0 ? undefined : exceptions.map(({ number, outcome }) => [number, outcome] as const);
const positionsToJson = ({ exceptions, ...counts }: PositionFields) => ({ ...counts, exceptions: exceptionsToJson(exceptions) });

/** A hello as the wire has it: what a hello frame's second element and a subprotocol entry carry. */
export const helloToJson = ({ resume, ...hello }: HelloFields) =>
  resume === undefined ? hello : { ...hello, resume: { ...resume, positions: positionsToJson(resume.positions) } };

const welcomeToJson = ({ positions, ...welcome }: WelcomeFields) =>
  positions === undefined ? welcome : { ...welcome, positions: positionsToJson(positions) };

const denyToJson = (deny: DenyFields) => ({ ...deny, message: deny.message.slice(0, detailLengthMax) });

const optionsText = (options: ItemOptions | undefined): string =>
  options === undefined ? '' : `,${JSON.stringify({ ttlMs: options.ttlMs, re: options.redelivered === true ? true : undefined })}`;

const frameText = (tag: string, fields: unknown): string => `["${tag}",${JSON.stringify(fields)}]`;

/**
 * One frame as JSON text. Texts in refusals and failures are cut to their limit ([R10]). No text is kept for an item that goes to many: making it
 * costs 0.17 us, most of it for the type's quotes, where the socket's send costs microseconds.
 */
export const encodeFrame = (frame: OutboundFrame): string => {
  switch (frame.kind) {
    case 'message':
      return `["m",${JSON.stringify(frame.type)},${frame.payload}${optionsText(frame.options)}]`;
    case 'request':
      return `["q",${JSON.stringify(frame.type)},${frame.timeoutMs},${frame.payload}${optionsText(frame.options)}]`;
    case 'ack': {
      const exceptions = frame.exceptions.length === 0 ? '' : `,${JSON.stringify(exceptionsToJson(frame.exceptions))}`;
      return `["a",${frame.received},${frame.done},${frame.last},${frame.seen}${exceptions}]`;
    }
    case 'reply':
      return `["r",${frame.to},${frame.payload}]`;
    case 'failure':
      return JSON.stringify(['x', frame.to, frame.code, frame.message.slice(0, detailLengthMax)]);
    case 'cancel':
      return `["c",${frame.to}]`;
    case 'end':
      return '["e"]';
    case 'skip':
      return `["s",${frame.count}]`;
    case 'volatile':
      return `["v",${JSON.stringify(frame.type)},${frame.payload}]`;
    case 'ping':
    case 'pong':
      return `["${frame.kind}",${frame.id}]`;
    case 'confirm':
      return '["confirm"]';
    case 'gone':
      return frame.positions === undefined ? '["gone"]' : frameText('gone', positionsToJson(frame.positions));
    case 'hello':
      return frameText('hello', helloToJson(frame.hello));
    case 'start':
      return frameText('start', frame.start);
    case 'renewal':
      return frameText('renewal', { authParams: frame.authParams, token: frame.token });
    case 'signIn':
      return frameText('signin', frame.credential());
    case 'welcome':
      return frameText('welcome', welcomeToJson(frame.welcome));
    case 'deny':
      return frameText('deny', denyToJson(frame.deny));
    case 'mismatch':
      return frameText('mismatch', { direction: frame.direction, from: frame.from, to: frame.to });
    case 'renew':
      return frameText('renew', { withinMs: frame.withinMs });
    case 'identity':
      return `["identity",${JSON.stringify(frame.user)},${JSON.stringify({ to: frame.to, expiresAt: frame.expiresAt })}]`;
    case 'renewed':
      return frameText('renewed', { user: frame.user, expiresAt: frame.expiresAt });
    case 'unrenewed':
      return frameText('unrenewed', denyToJson(frame.why));
    case 'bye':
      return frameText('bye', { ...denyToJson(frame.bye), positions: frame.positions && positionsToJson(frame.positions) });
  }
};

/** [R4] One WebSocket text message. 1 to `framesPerBatchMax` frames: who has more sends more batches. */
export const encodeBatch = (frames: readonly OutboundFrame[]): string => {
  let text = '';
  for (const frame of frames) text += text === '' ? `[${encodeFrame(frame)}` : `,${encodeFrame(frame)}`;
  return `${text}]`;
};
