/** What is run inside a page and inside a worker, to see how the client behaves there. Bundled by client.test.ts. */
import { type ClientSnapshot, createClient, type StartOptions } from '../../src/client/index.browser.js';

/** Who starts: as plain as what can be handed into a browser. */
export interface Who {
  readonly username: string;
  readonly password?: string;
}

const optionsOf = ({ username, password }: Who): StartOptions => ({
  username,
  ...(password === undefined ? {} : { authParams: { password } }),
});

/** What a session by its client came to: plain data, so that it can leave the browser. */
export interface Report {
  readonly started: boolean;
  readonly code: string | null;
  readonly message: string | null;
  readonly user: string | null;
  readonly heard: readonly unknown[];
  readonly confirmed: string | null;
  readonly reply: unknown;
  readonly unhandled: string | null;
  readonly second: string | null;
  readonly endReason: string | null;
  readonly events: readonly string[];
  readonly final: ClientSnapshot;
}

/** Start, send and hear, ask, start again in vain, end. */
export const play = async (url: string, who: Who): Promise<Report> => {
  const options = optionsOf(who);
  const kitty = createClient({ url });
  const events: string[] = [];
  for (const name of ['active', 'failed', 'lost', 'resumed', 'gap', 'ended'] as const) kitty.on(name, () => events.push(name));
  const result = await kitty.startSession(options);
  const report = {
    started: result.succeeded,
    code: null,
    message: null,
    user: null,
    heard: [],
    confirmed: null,
    reply: null,
    unhandled: null,
    second: null,
    endReason: null,
    events,
  };
  if (result.failed) return { ...report, code: result.error.code, message: result.error.message, final: kitty.getSnapshot() };
  const { session } = result;
  const echo = new Promise<unknown>((resolve) => session.on('chat', (payload) => resolve(payload.text)));
  const sent = session.send('chat', { text: 'from a browser' });
  const heard = [await echo];
  const confirmed = sent.accepted ? (await sent.confirmed).status : sent.error.code;
  const reply = await session.request('double', 21);
  const unhandled = await session.request('triple', 21);
  const second = await kitty.startSession(options);
  const { reason } = await kitty.endSession();
  return {
    ...report,
    user: session.user.name,
    heard,
    confirmed,
    reply: reply.succeeded ? reply.reply : reply.error.code,
    unhandled: unhandled.failed ? unhandled.error.code : null,
    second: second.failed ? second.error.code : null,
    endReason: reason,
    final: kitty.getSnapshot(),
  };
};

/** Start a session and leave it running. */
export const begin = async (url: string, who: Who): Promise<boolean> =>
  (await createClient({ url }).startSession(optionsOf(who))).succeeded;
