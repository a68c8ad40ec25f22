/** Clients that cost as little as they can, so that the servers are what is measured: bare WebSockets that look at what comes as text. */
import { randomBytes } from 'node:crypto';
import { WebSocket } from 'ws';

/** More than anything that is sent here: a client that never acknowledges is to be sent all of it. */
const window = { messages: 1_000_000, size: 1_000_000_000 };

const newToken = (): string => randomBytes(32).toString('base64url');

const entryOf = (hello: unknown): string => `ninelives.hello.${Buffer.from(JSON.stringify(hello)).toString('base64url')}`;

/** A connection that is open and greeted. */
export interface Client {
  readonly ws: WebSocket;
  /** What a resume needs; of no use to a bare client. */
  readonly session: { readonly id: string; readonly token: string; readonly incarnation: number };
  /** How many messages have come. */
  got: number;
  /** Called at each that comes. */
  heard: () => void;
}

/** How many messages one text of `ninelives.v1` brings. */
const messagesIn = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('["m",'); at >= 0; at = text.indexOf('["m",', at + 5)) count += 1;
  return count;
};

/** A bare connection is open once what it said has come back. */
export const openBare = (port: number): Promise<Client> =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    const client: Client = { ws, session: { id: '', token: '', incarnation: 0 }, got: 0, heard: () => undefined };
    ws.on('error', reject);
    ws.once('open', () => ws.send('["hello"]'));
    ws.once('message', () => {
      ws.on('message', () => {
        client.got += 1;
        client.heard();
      });
      resolve(client);
    });
  });

interface Welcome {
  readonly session: string;
  readonly incarnation: number;
}

/** A session: started, or where one is given, resumed. */
export const openSession = (port: number, username: string, former: Client | null = null): Promise<Client> =>
  new Promise((resolve, reject) => {
    const token = newToken();
    const start = former === null ? { start: { username, token } } : {};
    const resume = former === null ? {} : { resume: resumeOf(former, token) };
    const hello = { v: 1, features: ['resume'], window, ...start, ...resume };
    const ws = new WebSocket(`ws://127.0.0.1:${port}`, ['ninelives.v1', entryOf(hello)], { perMessageDeflate: false });
    ws.on('error', reject);
    let client: Client | null = null;
    ws.on('message', (data) => {
      const text = data.toString();
      if (client === null) {
        const [[tag, welcome]] = JSON.parse(text) as [[string, Welcome]];
        if (tag !== 'welcome') return reject(new Error(`The server said ${text}`));
        client = { ws, session: { id: welcome.session, token, incarnation: welcome.incarnation }, got: 0, heard: () => undefined };
        if (former === null) ws.send('[["confirm"]]');
        resolve(client);
      }
      const ping = /\["ping",(\d+)\]/.exec(text);
      if (ping !== null) ws.send(`[["pong",${ping[1]}]]`);
      const came = messagesIn(text);
      client.got += came;
      if (came > 0) client.heard();
    });
  });

const resumeOf = ({ session: { id, token, incarnation } }: Client, next: string): unknown => ({
  session: id,
  tokens: [token],
  next,
  positions: { received: 0, done: 0, seen: 0, last: 0 },
  incarnation,
});

/** All that came is handled: said between two measurements, as it is said for many messages at once where there are many. */
export const acknowledge = ({ ws, got }: Client): void => ws.send(`[["a",${got},${got},0,0]]`);

/** Settled once a client has so many messages. */
export const gotAll = (client: Client, messages: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (client.got >= messages) resolve();
    };
    client.heard = look;
    look();
  });
