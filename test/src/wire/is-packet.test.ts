import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ClientFrame, ServerFrame } from '../../../src/wire/frames.js';
import { isPacket } from '../../../src/wire/is-packet.js';

type Kind = (ClientFrame | ServerFrame)['kind'];

/** Every kind of frame, and whether it is the stream's affair. */
const kinds: Readonly<Record<Kind, boolean>> = {
  // What is numbered, and the word about how far it came.
  message: true,
  request: true,
  reply: true,
  failure: true,
  cancel: true,
  end: true,
  skip: true,
  signIn: true,
  identity: true,
  ack: true,
  // What concerns one connection, or is no part of the order.
  volatile: false,
  ping: false,
  pong: false,
  bye: false,
  hello: false,
  start: false,
  confirm: false,
  renewal: false,
  welcome: false,
  deny: false,
  gone: false,
  mismatch: false,
  renew: false,
  renewed: false,
  unrenewed: false,
};

const packets = suite('a frame');

packets("is the stream's affair where it is numbered or acknowledges, and the connection's otherwise", () => {
  for (const [kind, expected] of Object.entries(kinds)) assert.is(isPacket({ kind } as ClientFrame), expected, kind);
});

packets.run();
