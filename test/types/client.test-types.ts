/**
 * What the compiler has to say about the public API of both sides. Compiled by `tsc`, never run: a wrong use that begins to compile fails
 * here, and so does a command or an event without its counterpart in the API.
 */
import type { Command, Emitted } from '../../machines/session/events.js';
import type { CommandMethods } from '../../machines/session/public.js';
import {
  type Client,
  type ClientEvent,
  type ClientEvents,
  type ClientSnapshot,
  type Contract,
  type CurrentUser,
  createClient,
  type EndReason,
  type EndResult,
  memory,
  NineLivesError,
  type ReasonCode,
  type RequestResult,
  type SendResult,
  type Session,
  type StartOptions,
  type StartResult,
  type Status,
  type Unconfirmed,
  websocket,
} from '../../src/client/index.node.js';
import { createServer, type ServerSession } from '../../src/server/index.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

// --- Each command has its method, each emitted event its listener ---

holds<Equal<CommandMethods[Command['type']], 'startSession' | 'endSession' | 'retryNow'>>();
holds<Equal<Extract<keyof Client, CommandMethods[Command['type']]>, CommandMethods[Command['type']]>>();
holds<Equal<Client['startSession'], (options: StartOptions) => Promise<StartResult<Session>>>>();
holds<Equal<Client['endSession'], () => Promise<EndResult>>>();
/** An emitted event without a listener in the API, or a listener that nothing emits, would be left over here. */
holds<Equal<Exclude<Emitted['type'], keyof ClientEvents>, never>>();
holds<Equal<Exclude<keyof ClientEvents, Emitted['type']>, 'unhandled' | 'handlerFailed' | 'handlerSlow' | 'handedBack'>>();

// --- What events carry: failures are errors, and no event says its own name ---

holds<Equal<ClientEvent<'active'>, { readonly sessionId: string; readonly user: CurrentUser }>>();
holds<Equal<ClientEvent<'failed'>['error'], NineLivesError>>();
holds<Equal<ClientEvent<'lost'>['error'], NineLivesError>>();
holds<Equal<ClientEvent<'ended'>['error'], NineLivesError | null>>();
holds<Equal<ClientEvent<'ended'>['reason'], EndReason>>();
holds<Equal<ClientEvent<'ended'>['unconfirmed'], readonly Unconfirmed[]>>();
holds<Equal<ClientEvent<'gap'>['formerSessionId'], string>>();
holds<Equal<ClientEvent<'gap'>['unconfirmed'], readonly Unconfirmed[]>>();
holds<Equal<ClientEvent<'handlerFailed'>['error'], unknown>>();
holds<Equal<ClientSnapshot['status'], Status>>();
holds<Equal<ClientSnapshot['persisted'], boolean>>();
holds<Equal<StartResult<Session>['resumed'], boolean | undefined>>();
holds<Equal<Extract<StartResult<Session>, { succeeded: true }>['resumed'], boolean>>();

/** What both sides of the examples below may say. An interface and a type alias are both a contract. */
interface Chat {
  toServer: {
    messages: { chat: { text: string }; typing: boolean };
    requests: { price: (query: { sku: string }) => { amount: number }; now: (nothing: null) => Promise<number> };
  };
  toClient: {
    messages: { chat: { from: string; text: string } };
    requests: { name: (nothing: null) => string };
  };
}
type OneWay = { readonly toServer: { readonly messages: { readonly ping: null } } };

declare const kitty: Client<Chat>;
declare const session: Session<Chat>;
declare const peer: ServerSession<Chat>;
declare const oneWay: Session<OneWay>;
declare const untyped: Session;

export const makesClients = (): void => {
  holds<Equal<ReturnType<typeof createClient<Chat>>, Client<Chat>>>();
  createClient({ url: 'ws://localhost:4150', apiKey: 'dev', giveUpAfterMs: null });
  createClient({ transport: memory(createServer()) });
  createClient({ transport: websocket({ url: 'ws://localhost:4150', helloIn: 'frame' }) });
  createClient<Chat>({ url: 'ws://localhost:4150', handlers: { chat: ({ from, text }, message) => [from, text, message.id] } });
  createClient<Chat>({
    url: 'ws://localhost:4150',
    // @ts-expect-error The server sends no such message.
    handlers: { typing: () => undefined },
  });
  // @ts-expect-error A handler of `chat` is given what the contract says.
  createClient<Chat>({ url: 'ws://localhost:4150', handlers: { chat: (payload: { text: number }) => payload } });
  // @ts-expect-error There is no such option.
  createClient({ url: 'ws://localhost:4150', apikey: 'dev' });
  // @ts-expect-error It says nothing of the way to the server.
  createClient();
  const contracts: Contract[] = [{} as Chat, {} as OneWay, {}];
  void contracts;
};

export const starts = async (): Promise<void> => {
  const result = await kitty.startSession({ username: 'jane', authParams: { password: 'x', nested: [1, null] } });
  // @ts-expect-error There may be no session.
  result.session.send('chat', { text: '' });
  // @ts-expect-error There may be no error.
  result.error.code;
  if (result.succeeded) {
    holds<Equal<(typeof result)['session'], Session<Chat>>>();
    holds<Equal<(typeof result)['failed'], false>>();
    holds<Equal<(typeof result)['error'], undefined>>();
  } else {
    holds<Equal<(typeof result)['error'], NineLivesError>>();
    holds<Equal<(typeof result)['error']['code'], ReasonCode>>();
    holds<Equal<(typeof result)['session'], undefined>>();
  }
  const { session: maybe, error } = result;
  if (error === undefined) holds<Equal<typeof maybe, Session<Chat>>>();
  if (result.failed && result.error.code === 'AccessDeniedError') throw result.error;
  // @ts-expect-error No reason has this name.
  if (result.failed && result.error.code === 'AccessDenied') throw result.error;

  void kitty.startSession({ username: 'jane', authParams: async ({ signal }) => ({ aborted: signal.aborted }), deadlineMs: 1 });
  void kitty.startSession({ username: 'jane', authParams: () => ({ pin: 1 }), signal: AbortSignal.timeout(1) });
  // @ts-expect-error Who starts it?
  void kitty.startSession({});
  // @ts-expect-error AuthParams are an object.
  void kitty.startSession({ username: 'jane', authParams: 'secret' });
  // @ts-expect-error AuthParams are JSON.
  void kitty.startSession({ username: 'jane', authParams: { at: new Date() } });
  // @ts-expect-error A function that gives nothing makes no guest of a user.
  void kitty.startSession({ username: 'jane', authParams: () => undefined });
  const { reason } = await kitty.endSession();
  holds<Equal<typeof reason, EndReason | null>>();
  holds<Equal<(typeof kitty)['session'], Session<Chat> | null>>();
};

export const talksAsClient = async (): Promise<void> => {
  const sent = session.send('chat', { text: 'hi' });
  holds<Equal<typeof sent, SendResult>>();
  if (sent.accepted) {
    const { status } = await sent.confirmed;
    holds<Equal<typeof status, 'handled' | 'failed' | 'unhandled' | 'expired' | 'replaced' | 'unknown'>>();
    // @ts-expect-error What was accepted has no error.
    sent.error.code;
  } else holds<Equal<(typeof sent)['error'], NineLivesError>>();
  session.send('typing', true, { ttlMs: 1_000, replaceKey: 'typing', volatile: false });
  // @ts-expect-error There is no such option.
  session.send('typing', true, { ttl: 1_000 });
  // @ts-expect-error A key is a text.
  session.send('typing', true, { replaceKey: 1 });
  const hasRoom = await session.ready({ messages: 10, signal: AbortSignal.timeout(1) });
  holds<Equal<typeof hasRoom, boolean>>();
  // @ts-expect-error There is no such message.
  session.send('chatt', { text: 'hi' });
  // @ts-expect-error That is no payload of `chat`.
  session.send('chat', { text: 1 });
  // @ts-expect-error That is what the server sends.
  session.send('chat', { from: 'jane', body: 'hi' });
  // @ts-expect-error A message has a payload.
  session.send('typing');
  // @ts-expect-error `price` is a request.
  session.send('price', { sku: '' });

  const price = await session.request('price', { sku: 'a' }, { timeoutMs: 1, signal: AbortSignal.abort() });
  holds<Equal<typeof price, RequestResult<{ amount: number }>>>();
  if (price.succeeded) holds<Equal<typeof price.reply, { amount: number }>>();
  else holds<Equal<typeof price.maybeHandled, boolean>>();
  const now = await session.request('now', null);
  holds<Equal<typeof now, RequestResult<number>>>();
  // @ts-expect-error `chat` is a message.
  void session.request('chat', { text: '' });
  // @ts-expect-error That is not what `price` asks with.
  void session.request('price', { sku: 1 });

  const off = session.on('chat', ({ from, text }, { id, redelivered, signal }) => [from, text, id, redelivered, signal.aborted]);
  holds<Equal<typeof off, () => void>>();
  // @ts-expect-error The server sends no `typing`.
  session.on('typing', () => undefined);
  // @ts-expect-error The server's `chat` has no such field.
  session.on('chat', ({ body }) => body);
  session.onRequest('name', () => 'kitty');
  session.onRequest('name', async (_nothing, { id }) => id);
  // @ts-expect-error A name is a string.
  session.onRequest('name', () => 1);
  // @ts-expect-error The server does not ask that.
  session.onRequest('price', () => ({ amount: 1 }));
};

export const talksAsServer = async (): Promise<void> => {
  const server = createServer<Chat>();
  server.on('session', (own, { recovered }) => {
    holds<Equal<typeof own, ServerSession<Chat>>>();
    holds<Equal<typeof recovered, boolean>>();
  });
  server.to('jane').send('chat', { from: 'server', text: 'hi' });
  server.to('jane').send('chat', { from: 'server', text: 'hi' }, { volatile: true });
  // @ts-expect-error Volatile or not: nothing between.
  server.to('jane').send('chat', { from: 'server', text: 'hi' }, { volatile: 'perhaps' });
  createServer({ whenFull: 'end' });
  // @ts-expect-error There is no such policy.
  createServer({ whenFull: 'drop' });
  // @ts-expect-error Clients are sent no `typing`.
  server.toEveryone().send('typing', true);

  peer.send('chat', { from: 'server', text: 'hi' }, { ttlMs: 1, replaceKey: 'chat' });
  peer.whenFull = 'refuse';
  holds<Equal<Awaited<ReturnType<typeof peer.ready>>, boolean>>();
  // @ts-expect-error That is what a client sends.
  peer.send('chat', { text: 'hi' });
  peer.on('chat', ({ text }) => text);
  peer.on('typing', (is) => !is);
  // @ts-expect-error A client's `chat` says nothing of who it is from.
  peer.on('chat', ({ from }) => from);
  peer.onRequest('price', async ({ sku }) => ({ amount: sku.length }));
  peer.onRequest('now', () => 1);
  // @ts-expect-error A price has an amount.
  peer.onRequest('price', () => ({ cost: 1 }));
  const name = await peer.request('name', null);
  holds<Equal<typeof name, RequestResult<string>>>();
  // @ts-expect-error Clients do not answer that.
  void peer.request('price', { sku: '' });
};

export const saysOnlyWhatThereIs = (): void => {
  oneWay.send('ping', null);
  // @ts-expect-error This contract has no requests.
  void oneWay.request('ping', null);
  // @ts-expect-error This contract has nothing for clients.
  oneWay.on('ping', () => undefined);
};

export const goesWithoutAContract = async (): Promise<void> => {
  untyped.send('anything', { at: 'all' });
  untyped.on('anything', ({ whatever }) => whatever.it.is);
  const { reply } = await untyped.request('anything', [1]);
  reply?.field;
  // @ts-expect-error A type is a string all the same.
  untyped.send(1, {});
};

export const listens = (): void => {
  const off = kitty.on('lost', ({ error }) => error.retryAfterMs);
  holds<Equal<typeof off, () => void>>();
  kitty.on('unhandled', ({ id, type }) => [id, type]);
  kitty.on('handlerSlow', ({ afterMs }) => afterMs);
  // @ts-expect-error There is no such event.
  kitty.on('connected', () => undefined);
  // @ts-expect-error `active` has no error.
  kitty.on('active', ({ error }) => error);
  kitty.subscribe(() => kitty.getSnapshot().status);
  // @ts-expect-error A snapshot is not for writing.
  kitty.getSnapshot().status = 'idle';
  // @ts-expect-error The session is the client's own to set.
  kitty.session = null;
  const error = new NineLivesError({ code: 'ServerError', message: '' });
  // @ts-expect-error An error's code stays what it is.
  error.code = 'ProtocolError';
};
