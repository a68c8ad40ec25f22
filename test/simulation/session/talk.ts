/** What both sides say and do in a life: numbered messages and requests, and handlers of every manner, all entered in its ledger. */
import type { VirtualHost } from '../../../adapters/hosts/virtual.js';
import type { ClientSession } from '../../../src/client/session.js';
import type { LiveSession } from '../../../src/server/session.js';
import type { Unconfirmed } from '../../../src/stream/sent.js';
import type { Fate } from './fate.js';
import type { Ledger, Manner } from './ledger.js';
import type { Mortal } from './mortal.js';

/** What is sent: its number, and what its handler is to do. */
export interface Payload {
  readonly n: number;
  readonly manner: Manner;
  readonly ms: number;
  readonly text: string;
}

type Talker = Pick<ClientSession, 'id' | 'send' | 'request' | 'user'>;

export interface Talk {
  send(talker: Talker, direction: 'up' | 'down'): void;
  ask(talker: Talker, direction: 'up' | 'down'): void;
  /** Handlers for what comes. `back`: which way it talks. `life`: what its handlers die with. */
  equip(talker: ClientSession | LiveSession, back: 'up' | 'down', life: Mortal | null): void;
  handedBack(messages: readonly Unconfirmed[]): void;
  /** Sign in, unless that is under way. */
  signIn(session: ClientSession, tell: (what: string) => void): void;
}

const manners: readonly Manner[] = ['at once', 'at once', 'at once', 'slowly', 'throws', 'asks back'];

export const talkOf = (fate: Fate, host: VirtualHost, ledger: Ledger): Talk => {
  const { random, upTo, oneOf, isOn, durable, expires } = fate;
  /** A server may die after a sign-in was written and before it said so: for whom it sends until the sign-in has come again, its client is not told. */
  const isUntold = durable && isOn.has('crash') && isOn.has('sign in');
  const payload = (manner: Manner): Payload => ({
    n: ledger.next,
    manner,
    ms: upTo(600),
    text: 'x'.repeat(random() < 0.1 ? upTo(3_000) : 4),
  });
  /** Numbers that are sent while a sign-in is under way. */
  const signingIn = new Map<Talker, number[]>();
  const accepted = (talker: Talker, direction: 'up' | 'down', kind: 'message' | 'request', manner: Manner, mayExpire: boolean): number => {
    const pending = direction === 'up' ? signingIn.get(talker) : undefined;
    const n = ledger.accepted({
      session: talker.id,
      direction,
      kind,
      manner,
      mayExpire,
      user: pending === undefined && !(direction === 'down' && isUntold) ? talker.user.name : null,
    });
    pending?.push(n);
    return n;
  };
  const send = (talker: Talker, direction: 'up' | 'down'): void => {
    const what = payload(oneOf(manners));
    const options = random() < 0.15 ? { ttlMs: upTo(1_500) } : undefined;
    const result = talker.send('say', what, options);
    if (!result.accepted) return;
    const n = accepted(talker, direction, 'message', what.manner, options !== undefined);
    void result.confirmed.then(({ status }) => {
      ledger.of(n).status = status;
    });
  };
  const ask = async (talker: Talker, direction: 'up' | 'down', manner: Manner): Promise<void> => {
    const what = payload(manner);
    // A request is always taken or answered: it is entered before that is known, as it may be handled at once.
    const n = accepted(talker, direction, 'request', manner, false);
    const result = await talker.request('ask', what, { timeoutMs: 500 + upTo(3_000) });
    const sent = ledger.of(n);
    sent.answer = result.succeeded ? 'reply' : result.maybeHandled ? 'maybe handled' : 'certainly not handled';
  };
  const isThere = (life: Mortal | null): boolean => life === null || life.isAlive;
  const handle = async (
    other: Talker,
    back: 'up' | 'down',
    life: Mortal | null,
    { n, manner, ms }: Payload,
    info: Parameters<Ledger['handled']>[1],
  ): Promise<void> => {
    if (!isThere(life)) return;
    ledger.handled(n, info);
    if (manner === 'throws') throw new Error('As it was told.');
    if (manner === 'slowly') await new Promise<void>((resolve) => (life?.host ?? host).clock.setTimeout(resolve, ms));
    if (manner === 'asks back') await ask(other, back, 'at once');
    if (isThere(life) && random() < 0.3) send(other, back);
  };
  /** Synchronous where it can be. */
  const handler =
    (other: Talker, back: 'up' | 'down', life: Mortal | null) =>
    (what: Payload, info: Parameters<Ledger['handled']>[1]): unknown => {
      if (what.manner !== 'at once') return handle(other, back, life, what, info);
      if (isThere(life)) ledger.handled(what.n, info);
      return undefined;
    };
  const equip = (talker: ClientSession | LiveSession, back: 'up' | 'down', life: Mortal | null): void => {
    const handled = handler(talker, back, life);
    talker.on('say', (what, info) => handled(what as Payload, info));
    talker.onRequest('ask', async (what, info) => {
      await handle(talker, back, life, what as Payload, info);
      return null;
    });
  };

  return {
    send,
    ask: (talker, direction) => void ask(talker, direction, oneOf(manners)),
    equip,
    handedBack: (messages) => {
      for (const message of messages) if (message.kind === 'message') ledger.handedBack(message);
    },
    signIn: (session, tell) => {
      if (signingIn.has(session)) return;
      const former = session.user.name;
      const username = oneOf(['anne', 'beth', 'cleo']);
      const password = random() < 0.8 ? 'right' : 'wrong';
      const pending: number[] = [];
      signingIn.set(session, pending);
      tell(`${former} signs in as ${username}, ${password}`);
      void session.signIn({ username, authParams: { password } }).then((result) => {
        signingIn.delete(session);
        tell(`signed in: ${result.succeeded ? result.user.name : result.error.code}`);
        // A renewal that is under way comes first, and what is sent meanwhile before the sign-in.
        const user = result.succeeded ? (expires ? null : username) : result.error.code === 'AccessDeniedError' ? former : null;
        for (const n of pending) ledger.of(n).user = user;
      });
    },
  };
};
