import * as E from 'fp-ts/lib/Either.js';
import type { JsonObject } from '../../machines/ports/json.js';
import type { SessionRecord, SessionStore, StoreTask } from '../../machines/ports/store.js';
import type { Profile, User } from '../../machines/ports/user.js';
import { type MemoryStreams, memoryStreams } from './memory-streams.js';
import {
  type Answer,
  ENDED_SESSIONS_MAX,
  messageOf,
  newUser,
  pageOf,
  propertiesText,
  task,
  unavailable,
  withPresence,
  withProfile,
} from './rules.js';

interface Entry {
  user: User;
  /** How many of the sessions at hand are this user's. */
  sessions: number;
}

interface Held {
  readonly entry: Entry;
  readonly record: Omit<SessionRecord, 'user'>;
  /** Where this session is forgotten and is the user's only one, the user goes with it. */
  readonly createdUser: boolean;
}

const frozen = (value: JsonObject): JsonObject => {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) frozen(part as JsonObject);
  return Object.freeze(value);
};

/** A copy that nobody else holds, and that nobody can change. */
const own = (profile: Profile): Profile =>
  profile.properties === undefined ? profile : { ...profile, properties: frozen(JSON.parse(propertiesText(profile.properties))) };

export interface MemoryOptions {
  /**
   * Keep the streams of sessions too, so that they outlive their server, though not this process: for tests of what a restart does. Default: false,
   * which costs nothing for each message.
   */
  readonly durable?: boolean;
}

/**
 * Keeps users and sessions in this process: for development, tests and servers whose sessions need not outlive them. Users are
 * kept, guests as long as one of their sessions is, and of the sessions that ended the last 10,000. After `close` the same store can be opened again and has what it had.
 *
 * @example
 * const store = memory();
 * await store.open({ now: Date.now() })();
 */
export const memory = ({ durable = false }: MemoryOptions = {}): SessionStore => {
  const streams: MemoryStreams | null = durable ? memoryStreams() : null;
  const users = new Map<number, Entry>();
  const names = new Map<string, Entry>();
  const sessions = new Map<string, Held>();
  const ended = new Map<string, Held>();
  let isOpen = false;
  let incarnation = 0;
  let lastUserId = 0;

  const recordOf = ({ entry, record }: Held): SessionRecord => ({ ...record, user: entry.user });

  const remove = (held: Held): void => {
    streams?.forget(held.record.id);
    sessions.delete(held.record.id);
    ended.delete(held.record.id);
    held.entry.sessions -= 1;
  };

  const end = (held: Held, endReason: SessionRecord['endReason'], now: number): SessionRecord => {
    streams?.forget(held.record.id);
    const after: Held = { ...held, record: { ...held.record, state: 'ENDED', endedAt: now, endReason } };
    sessions.set(after.record.id, after);
    ended.set(after.record.id, after);
    for (const oldest of ended.values()) {
      if (ended.size <= ENDED_SESSIONS_MAX) break;
      remove(oldest);
      // A guest's name is anyone's, so that strangers could fill the memory with them.
      if (oldest.entry.user.isGuest) forgetIfIdle(oldest.entry);
    }
    return recordOf(after);
  };

  const forgetIfIdle = ({ user, sessions: left }: Entry): void => {
    if (left > 0) return;
    users.delete(user.id);
    names.delete(user.name);
  };

  const active = (): readonly Held[] => [...sessions.values()].filter(({ record }) => record.state === 'ACTIVE');

  const addUser = (name: string, isGuest: boolean, profile: Profile): Entry => {
    const entry = { user: withProfile(newUser(lastUserId + 1, name, isGuest), profile), sessions: 0 };
    lastUserId += 1;
    users.set(entry.user.id, entry);
    names.set(name, entry);
    return entry;
  };

  const change = (id: number, to: (user: User) => User): Answer<User> => {
    const entry = users.get(id);
    if (entry === undefined) return E.left({ kind: 'userUnknown', id });
    entry.user = to(entry.user);
    return E.right(entry.user);
  };

  /** As if the admission that created the user had not been: then the next one would have created them, or nobody. */
  const forgetCreation = (entry: Entry): void => {
    forgetIfIdle(entry);
    const heir = [...sessions.values()].find((held) => held.entry === entry);
    if (heir !== undefined) sessions.set(heir.record.id, { ...heir, createdUser: true });
  };

  const operation = <A>(run: () => Answer<A>): StoreTask<A> =>
    task(() => {
      if (!isOpen) return unavailable('The memory store is not open: await its open() first, and begin nothing after close().');
      try {
        return run();
      } catch (thrown) {
        return unavailable(messageOf(thrown));
      }
    });

  return {
    name: 'memory',
    streams: streams && {
      load: () => operation(() => E.right({ sessions: streams.load(active().map(recordOf)), broken: [] })),
      commit: (turns) => operation(() => E.right(streams.commit(turns))),
    },

    open: ({ now }) =>
      task(() => {
        if (isOpen) return unavailable('The memory store is open already: a store has one server at a time.');
        isOpen = true;
        incarnation += 1;
        const left = active().filter(({ record }) => streams?.has(record.id) !== true);
        for (const held of left) end(held, 'expired', now);
        for (const entry of users.values()) entry.user = withPresence(entry.user, { online: false });
        return E.right({ incarnation, expired: left.length });
      }),

    close: () =>
      task(() => {
        isOpen = false;
        return E.right(undefined);
      }),

    admit: ({ username, as, profile, session, now }) =>
      operation(() => {
        const known = names.get(username);
        if (as === 'guest' && known?.user.isGuest === false) return E.left({ kind: 'nameRegistered', name: username });
        if (sessions.has(session.id)) return unavailable('There is a session of this id already.');
        const said = own(profile);
        const registers = as === 'registered' && known?.user.isGuest === true;
        const entry = known ?? addUser(username, as === 'guest', said);
        entry.user = { ...withProfile(entry.user, said), isGuest: as === 'guest' };
        const revoked = registers ? active().flatMap((held) => (held.entry === entry ? [end(held, 'revoked', now)] : [])) : [];
        const { id, userAgent } = session;
        const record = { id, state: 'ACTIVE', userAgent, createdAt: now, endedAt: null, endReason: null } as const;
        const held = { entry, record, createdUser: known === undefined };
        sessions.set(id, held);
        streams?.admitted(session);
        entry.sessions += 1;
        return E.right({ user: entry.user, session: recordOf(held), created: held.createdUser, revoked });
      }),

    identify: (identification) =>
      operation(() => {
        const { sessionId, username, profile, now } = identification;
        const held = sessions.get(sessionId);
        if (held?.record.state !== 'ACTIVE') return E.left({ kind: 'sessionUnknown', id: sessionId });
        const known = names.get(username);
        const said = own(profile);
        const registers = known?.user.isGuest === true;
        const entry = known ?? addUser(username, false, said);
        entry.user = { ...withProfile(entry.user, said), isGuest: false };
        held.entry.sessions -= 1;
        entry.sessions += 1;
        // The user of an active session is not forgotten with it, whoever brought them.
        const moved: Held = { ...held, entry, createdUser: false };
        sessions.set(sessionId, moved);
        streams?.identified(identification);
        const others = registers ? active().filter((other) => other.entry === entry && other !== moved) : [];
        const revoked = others.map((other) => end(other, 'revoked', now));
        return E.right({ user: entry.user, session: recordOf(moved), created: known === undefined, revoked });
      }),

    endSession: ({ id, reason, now }) =>
      operation(() => {
        const held = sessions.get(id);
        if (held === undefined) return E.right(null);
        return E.right(held.record.state === 'ENDED' ? recordOf(held) : end(held, reason, now));
      }),

    forgetSession: (id) =>
      operation(() => {
        const held = sessions.get(id);
        if (held === undefined) return E.right(undefined);
        remove(held);
        if (held.createdUser) forgetCreation(held.entry);
        return E.right(undefined);
      }),

    findSession: (id) =>
      operation(() => {
        const held = sessions.get(id);
        return E.right(held === undefined ? null : recordOf(held));
      }),

    listSessions: (filter) =>
      operation(() => {
        const { state, username } = filter;
        const wanted = [...sessions.values()].filter(
          ({ entry, record }) =>
            (state === undefined || record.state === state) && (username === undefined || entry.user.name === username),
        );
        const page = pageOf(wanted.reverse(), filter);
        return E.right({ ...page, items: page.items.map(recordOf) });
      }),

    createUser: ({ name, profile }) =>
      operation(() => (names.has(name) ? E.left({ kind: 'userExists', name }) : E.right(addUser(name, false, own(profile)).user))),

    updateUser: ({ id, profile }) =>
      operation(() => {
        const said = own(profile);
        return change(id, (user) => withProfile(user, said));
      }),

    setPresence: ({ id, presence }) => operation(() => change(id, (user) => withPresence(user, presence))),

    findUser: (by) => operation(() => E.right(('id' in by ? users.get(by.id) : names.get(by.name))?.user ?? null)),

    listUsers: (filter) =>
      operation(() => {
        const { online, isGuest } = filter;
        const wanted = [...users.values()].filter(
          ({ user }) => (online === undefined || user.presence.online === online) && (isGuest === undefined || user.isGuest === isGuest),
        );
        const page = pageOf(wanted, filter);
        return E.right({ ...page, items: page.items.map(({ user }) => user) });
      }),
  };
};
