/** Attacks before there is a session: many connections, slow ones, and what an upgrade request may say. */
import { helloEntry, helloFor, newToken } from '../../support/raw.js';
import {
  type Attack,
  addressHeader,
  among,
  answerTo,
  closeCodeIn,
  endOf,
  only,
  over,
  password,
  pause,
  side,
  stay,
  upgradeRequest,
  wsFrame,
} from '../kit.js';

const slowHandshakes: Attack = {
  name: 'slow-handshake',
  what: '500 connections begin an upgrade request and never end it, a byte at a time',
  limit: '`listen`: a request has `helloTimeoutMs` for its headers',
  run: async (at) => {
    await side(at.size(500, 50), 50, async () => {
      const wire = await at.tcp();
      const head = upgradeRequest();
      let written = 0;
      const timer = setInterval(() => void wire.socket.write(head[written++ % (head.length - 4)] ?? 'x'), 200);
      void wire.closed.then(() => clearInterval(timer));
      void over(wire.closed, 'the end of a slow handshake').catch(() => at.count('still open'));
      at.count('begun');
      void wire.closed.then(() => at.count(closeCodeIn(wire)));
    });
    await at.idle();
  },
  judge: (tally) => {
    const { begun = 0, 'HTTP 408': late = 0, 'cut without a word': cut = 0 } = tally;
    return late + cut === begun ? [] : [`${begun - late - cut} of ${begun} were not ended`];
  },
};

const silentSockets: Attack = {
  name: 'no-hello',
  what: '5,000 WebSockets are opened that never say hello',
  limit: '`limits.pendingConnections`, `helloTimeoutMs`',
  run: async (at) => {
    const ends: Promise<void>[] = [];
    await side(at.size(5_000, 200), 50, async () => {
      const raw = await at.open();
      ends.push(endOf(raw).then((end) => at.count(end)));
    });
    await Promise.all(ends);
  },
  judge: (tally) => [
    ...among(tally, 'HelloTimeoutError', 'ServerBusyError'),
    ...((tally.ServerBusyError ?? 0) > 0 ? [] : ['nobody was turned away']),
  ],
};

/** Just below the largest batch. */
const HALF_SENT = 900_000;
const halfSent: Attack = {
  name: 'half-sent',
  what: '1,000 WebSockets each send most of the largest message there is, and never its end, before any hello',
  limit: 'what may come before the welcome: 131,072 bytes; `helloTimeoutMs`',
  run: (at) =>
    side(at.size(1_000, 50), 1_000, async () => {
      const raw = await at.open();
      const { _socket: socket } = raw.ws as unknown as { readonly _socket: NodeJS.WritableStream };
      socket.write(wsFrame(0x81, Buffer.alloc(HALF_SENT, 0x20), { length: HALF_SENT + 1 }));
      at.count(await endOf(raw));
    }),
  judge: (tally) => among(tally, 'close 1009', 'close 1006', 'ServerBusyError', 'HelloTimeoutError'),
};

const compression: Attack = {
  name: 'compression',
  what: 'compression is asked for, and then used without having been granted',
  limit: 'none is ever granted: a compressed message is a broken frame',
  run: async (at) => {
    await side(at.size(50, 5), 10, async () => {
      const wire = await at.tcp();
      wire.socket.write(
        upgradeRequest(['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits; server_no_context_takeover']),
      );
      wire.socket.write(wsFrame(0xc1, Buffer.from([0x4a, 0x4c, 0x4a, 0x06, 0x00])));
      await over(wire.closed, 'the end of a compressed message');
      if (/permessage-deflate/i.test(wire.received.toString('latin1'))) at.count('granted');
      at.count(closeCodeIn(wire));
    });
  },
  judge: (tally) => among(tally, 'close 1002'),
};

/** The bytes of a frame that is none, by what is wrong with it; and the close code that says so. */
const broken: readonly (readonly [what: string, bytes: Buffer])[] = [
  ['not masked', wsFrame(0x81, Buffer.from('[["ping",1]]'), { masked: false })],
  ['reserved opcode', wsFrame(0x83, Buffer.from('x'))],
  ['reserved bits', wsFrame(0xb1, Buffer.from('x'))],
  ['a continuation of nothing', wsFrame(0x80, Buffer.from('x'))],
  ['a control frame in fragments', wsFrame(0x09, Buffer.from('x'))],
  ['a long control frame', wsFrame(0x89, Buffer.alloc(200))],
  ['a close frame of one byte', wsFrame(0x88, Buffer.from([3]))],
  ['a close code that is none', wsFrame(0x88, Buffer.from([0, 1]))],
  ['UTF-8 cut short', wsFrame(0x81, Buffer.from([0xe2, 0x82]))],
  ['an overlong UTF-8', wsFrame(0x81, Buffer.from([0xc0, 0xaf]))],
  ['a surrogate in UTF-8', wsFrame(0x81, Buffer.from([0xed, 0xa0, 0x80]))],
  ['a length beyond all', wsFrame(0x81, Buffer.alloc(0), { length: Number.MAX_SAFE_INTEGER })],
  [
    '20,000 empty fragments',
    Buffer.concat([wsFrame(0x01, Buffer.alloc(0)), ...Array.from({ length: 20_000 }, () => wsFrame(0x00, Buffer.alloc(0)))]),
  ],
  ['binary', wsFrame(0x82, Buffer.from('[["ping",1]]'))],
];

const framing: Attack = {
  name: 'framing',
  what: 'broken UTF-8 and broken WebSocket frames of every kind',
  limit: 'RFC 6455: 1002, 1007, 1008 or 1009; a binary message is a `ProtocolError`',
  run: async (at) => {
    await side(at.size(20, 2) * broken.length, 10, async (index) => {
      const wire = await at.tcp();
      wire.socket.write(upgradeRequest());
      wire.socket.write((broken[index % broken.length] as (typeof broken)[number])[1]);
      await over(wire.closed, 'the end of a broken frame');
      at.count(closeCodeIn(wire));
    });
  },
  judge: (tally) => among(tally, 'close 1002', 'close 1007', 'close 1008', 'close 1009', 'close 4400'),
};

const names = [
  'eve\r\nSet-Cookie: admin=1',
  'eve\r\n\r\nHTTP/1.1 200 OK',
  'eve\n{"level":60,"msg":"forged"}',
  'eve\u0000',
  'eve\u2028',
  'eve\u001b[2J',
  'eve\ud800',
  ' eve',
  '',
  '__proto__',
  'constructor',
  'prototype',
  'e'.repeat(300),
];

const injection: Attack = {
  name: 'header-injection',
  what: 'usernames with line breaks, control characters, halves of characters and the names of prototypes; header lines of all kinds in the upgrade request',
  limit: 'the rule for usernames ([R20]); nothing that a client says is part of a header',
  run: async (at) => {
    await side(at.size(20, 2) * names.length, 10, async (index) => {
      const raw = await at.open({ entries: [helloEntry(helloFor(names[index % names.length] as string))] });
      at.count(await endOf(raw));
    });
    for (const line of [
      'Sec-WebSocket-Protocol: ninelives.v1\u0001',
      'X-Evil: a\r\n b',
      'Transfer-Encoding: chunked\r\nContent-Length: 5',
    ]) {
      const wire = await at.tcp();
      wire.socket.write(Buffer.from(upgradeRequest([line]), 'latin1'));
      wire.socket.end();
      await over(wire.closed, 'the end of a request with a strange header');
      if (/set-cookie|x-evil/i.test(wire.received.toString('latin1'))) at.count('reflected');
      at.count('strange header answered');
    }
  },
  judge: (tally) => among(tally, 'InvalidUsernameError', 'strange header answered'),
};

const longHello: Attack = {
  name: 'greedy-hello',
  what: '1,000 starts whose hello is as large as it may be: 64 features of 64, an agent of 8,000, an endless window; then they stay, unconfirmed',
  limit: '`limits.pendingConnections`, `confirmWithinMs`, `limits.admissionsPerSecond`',
  run: (at) =>
    side(at.size(1_000, 50), 1_000, async (index) => {
      const raw = await at.open();
      const features = Array.from({ length: 64 }, (_, n) => `${n}-`.padEnd(64, 'x'));
      const endless = { messages: Number.MAX_SAFE_INTEGER, size: Number.MAX_SAFE_INTEGER };
      raw.send(['hello', helloFor(`greedy-${index}`, { features, agent: 'a'.repeat(8_000), window: endless, token: newToken() })]);
      at.count(await endOf(raw));
    }),
  judge: (tally) => among(tally, 'HelloTimeoutError', 'ServerBusyError'),
};

const notHttp: Attack = {
  name: 'not-http',
  what: 'random bytes, TLS hellos and headers of 100 KB where HTTP is expected',
  limit: "Node's HTTP parser: 400, or 431 past 16 KB of headers",
  run: async (at) => {
    const sent = [
      Buffer.from(Array.from({ length: 1_000 }, (_, i) => (i * 7919) % 256)),
      Buffer.from('16030100c8010000c40303', 'hex'),
      Buffer.from(upgradeRequest([`Cookie: ${'x'.repeat(100_000)}`])),
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    ];
    await side(at.size(25, 5) * sent.length, 10, async (index) => {
      const wire = await at.tcp();
      wire.socket.end(sent[index % sent.length] as Buffer);
      await over(wire.closed, 'the end of what is no HTTP');
      at.count(closeCodeIn(wire));
    });
  },
  judge: (tally) => among(tally, 'HTTP 400', 'HTTP 431', 'HTTP 426', 'cut without a word'),
};

/** What a request may have besides what an upgrade needs; and how it ends. */
const requests: readonly string[] = [
  `${'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50)}${upgradeRequest()}`,
  `${upgradeRequest(['Content-Length: 12'])}[["ping",1]]`,
  `${upgradeRequest(['Transfer-Encoding: chunked'])}c\r\n[["ping",1]]\r\n0\r\n\r\n`,
  upgradeRequest(['Content-Length: 5', 'Content-Length: 500']),
  `${upgradeRequest(['Content-Length: 5', 'Transfer-Encoding: chunked'])}0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n`,
  upgradeRequest().replace('GET /', 'POST /'),
  upgradeRequest().replace('GET / ', 'GET http://other.example/ '),
  upgradeRequest().replace('HTTP/1.1', 'HTTP/1.0'),
  upgradeRequest().replace('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8'),
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(1_000)}`,
];

const pipelining: Attack = {
  name: 'pipelined-upgrade',
  what: 'requests before the upgrade on the same connection, upgrades with a body, with two lengths, with other methods, hosts and versions, and a body that never ends',
  limit: "Node's HTTP parser and `ws`; what follows the head of an upgrade is WebSocket frames and nothing else; `helloTimeoutMs`",
  run: async (at) => {
    await side(at.size(10, 1) * requests.length, 100, async (index) => {
      const wire = await at.tcp();
      wire.socket.write(requests[index % requests.length] as string);
      await over(wire.closed, 'the end of a strange upgrade');
      const text = wire.received.toString('latin1');
      if (/"welcome"|"pong"/.test(text)) at.count('served');
      at.count(/ 101 /.test(text) ? 'upgraded, and ended' : 'refused');
    });
  },
  judge: (tally) => among(tally, 'upgraded, and ended', 'refused'),
};

const halfClosed: Attack = {
  name: 'half-closed',
  what: '500 connections that are closed for writing right behind the upgrade, behind the hello or in a session, and stay open for reading',
  limit: 'the end of what a client says is the end of its link; `helloTimeoutMs`, and a second for the closing handshake',
  run: async (at) => {
    const confirm = wsFrame(0x81, Buffer.from('[["confirm"]]'));
    await side(at.size(500, 30), 50, async (index) => {
      const wire = await at.tcp(true);
      const entry = helloEntry(helloFor(`half-${index}`, { features: ['resume'] }));
      const head = index % 3 === 0 ? upgradeRequest() : upgradeRequest().replace('ninelives.v1', `ninelives.v1, ${entry}`);
      wire.socket.end(index % 3 === 2 ? Buffer.concat([Buffer.from(head), confirm]) : head);
      await over(wire.closed, 'the end of a connection that is half closed');
      at.count('ended');
    });
  },
  judge: (tally, scale) => only(tally, { ended: scale === 'full' ? 500 : 30 }),
};

const subprotocols: Attack = {
  name: 'subprotocols',
  what: "subprotocols of others (`v12.stomp`, `graphql-ws`), hundreds of them, hellos twice, too long or of nothing, and names that differ by a letter's case",
  limit: '[R12], [R13]: only `ninelives.v1` is answered; an entry is at most 4,096 characters, and there is one',
  run: async (at) => {
    const offers: readonly string[] = [
      'v10.stomp, v11.stomp, v12.stomp',
      'graphql-ws',
      'NINELIVES.V1',
      'ninelives.v2',
      `ninelives.v1, ${Array.from({ length: 200 }, (_, n) => `other-${n}`).join(', ')}`,
      `ninelives.v1, ${Array.from({ length: 50 }, (_, n) => helloEntry(helloFor(`many-${n}`))).join(', ')}`,
      `ninelives.v1, ${helloEntry(helloFor('long', { agent: 'x'.repeat(9_000) }))}`,
      'ninelives.v1, ninelives.hello.',
      `ninelives.v1, ${helloEntry('[]')}`,
      'ninelives.v1, ninelives.v1',
      ',,,',
    ];
    await side(at.size(20, 2) * offers.length, 220, async (index) => {
      const wire = await at.tcp();
      wire.socket.write(upgradeRequest().replace('ninelives.v1', offers[index % offers.length] as string));
      await over(wire.closed, 'the end of a strange subprotocol');
      const text = wire.received.toString('latin1');
      if (/"welcome"/.test(text)) at.count('served');
      const [, echoed = 'none'] = /sec-websocket-protocol: *([^\r\n]*)/i.exec(text) ?? [];
      at.count(`answered with ${echoed}`);
    });
  },
  judge: (tally) => among(tally, 'answered with none', 'answered with ninelives.v1'),
};

const KEY = 'attacked';

const oneAddress: Attack = {
  name: 'one-address',
  what: '1,000 starts from one address, each of which stays, on a server that lets an address have 200; then one from another address',
  limit: '`limits.connectionsPerAddress` (with `addressOf`, as behind a proxy), `limits.admissionsPerSecond`',
  options: { apiKeys: [KEY], limits: { connectionsPerAddress: 200 } },
  run: async (at) => {
    const from = async (address: string, name: string): Promise<string> => {
      const raw = await at.open({ headers: { [addressHeader]: address } });
      raw.send(['hello', helloFor(name, { key: KEY })]);
      const [tag, about] = await answerTo(raw);
      if (tag !== 'welcome') return tag === 'deny' ? String((about as { readonly code: unknown }).code) : String(tag);
      raw.send(['confirm']);
      stay(raw);
      return 'started';
    };
    await side(at.size(1_000, 250), 50, async (index) => {
      const outcome = await from('203.0.113.7', `crowd-${index}`);
      at.count(outcome);
    });
    // Another one's turn, once the second is over that was full.
    await pause(1_500);
    at.count(`another address: ${await from('203.0.113.8', 'another')}`);
  },
  judge: (tally) => [
    ...among(tally, 'started', 'ServerBusyError', 'another address: started'),
    ...((tally.started ?? 0) <= 200 ? [] : [`${tally.started} of one address are served`]),
    ...(tally['another address: started'] === 1 ? [] : ['another address was kept out']),
  ],
};

const fullHouse: Attack = {
  name: 'full-house',
  what: '2,000 starts on a server that may have 300 sessions; those that are let in stay',
  limit: '`limits.sessions`: `ServerBusyError`, before the credential is looked at',
  options: { limits: { sessions: 300 } },
  run: (at) =>
    side(at.size(2_000, 400), 50, async (index) => {
      const raw = await at.open();
      raw.send(['hello', helloFor(`house-${index}`, { authParams: { password } })]);
      const [tag] = await answerTo(raw);
      if (tag !== 'welcome') return at.count(await endOf(raw));
      raw.send(['confirm']);
      stay(raw);
      at.count('started');
    }),
  judge: (tally) => [
    ...among(tally, 'started', 'ServerBusyError'),
    ...((tally.started ?? 0) <= 300 ? [] : [`${tally.started} were let in`]),
    ...((tally.ServerBusyError ?? 0) > 0 ? [] : ['nobody was turned away']),
  ],
};

export const opening: readonly Attack[] = [
  slowHandshakes,
  notHttp,
  pipelining,
  halfClosed,
  subprotocols,
  silentSockets,
  halfSent,
  longHello,
  injection,
  compression,
  framing,
  oneAddress,
  fullHouse,
];
