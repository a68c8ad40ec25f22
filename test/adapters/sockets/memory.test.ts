import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { socketContract } from '../../../adapters/contracts/socket.js';
import { ear, request } from '../../../adapters/contracts/socket-bench.js';
import { virtualHost } from '../../../adapters/hosts/virtual.js';
import { type MemoryAcceptedSocket, memorySockets } from '../../../adapters/sockets/memory.js';

const memory = suite('memory sockets');

socketContract(memory, () => {
  const sockets = memorySockets();
  // Nothing is ever delivered here, so that its peer never answers.
  const silent = memorySockets({ schedule: () => undefined });
  return {
    open: sockets.open,
    openRefused: memorySockets().open,
    openSilent: silent.open,
    accept: sockets.accept,
    cut: sockets.cut,
    sendBinary: (socket, data) => (socket as MemoryAcceptedSocket).sendBinary(data),
    close: async () => sockets.cut(),
  };
});

/** Sockets whose deliveries wait until the test takes one. */
const held = () => {
  const waiting: (() => void)[] = [];
  return {
    sockets: memorySockets({ schedule: (deliver) => waiting.push(deliver) }),
    /** Run the delivery at this place, the first one where none is named. */
    step: (at = 0) => waiting.splice(at, 1)[0]?.(),
    waiting,
  };
};

memory('a held schedule delivers one step at a time', () => {
  const { sockets, step, waiting } = held();
  const near = ear();
  sockets.accept((socket) => socket.listen(ear().events));
  sockets.open(request, near.events);
  assert.is(waiting.length, 1);
  step();
  assert.equal(near.told, []);
  step();
  assert.equal(near.told, ['opened']);
  sockets.cut();
});

memory('a schedule that runs the last delivery first still can not reorder what one end is told', () => {
  const { sockets, step, waiting } = held();
  const near = ear();
  sockets.accept((socket) => {
    socket.listen(ear().events);
    for (const text of ['a', 'b', 'c']) socket.send(text);
  });
  sockets.open(request, near.events);
  step();
  while (waiting.length > 0) step(waiting.length - 1);
  assert.equal(near.told, ['opened', { received: 'a' }, { received: 'b' }, { received: 'c' }]);
  sockets.cut();
});

memory('the limit of an opening runs on the clock that is given, and nothing is left of it afterwards', async () => {
  const host = virtualHost({ seed: 1 });
  const sockets = memorySockets({ schedule: () => undefined, clock: host.clock });
  const near = ear();
  sockets.open({ ...request, openTimeoutMs: 3000 }, near.events);
  sockets.open({ ...request, openTimeoutMs: 3000 }, ear().events).close();
  assert.is(host.pendingTimers, 1);
  await host.advance(2999);
  assert.equal(near.told, []);
  await host.advance(1);
  assert.equal(near.told, [{ closed: { code: 1006, reason: '', error: 'timedOut' } }]);
  assert.is(host.pendingTimers, 0);
});

memory('bytes that wait are counted, and forgotten when the connection breaks', async () => {
  const { sockets, step } = held();
  const near = ear();
  sockets.accept((socket) => socket.listen(ear().events));
  const socket = sockets.open(request, near.events);
  step();
  step();
  socket.send('12345');
  socket.sendBinary(new ArrayBuffer(3));
  assert.is(socket.bufferedAmount, 8);
  sockets.cut();
  assert.is(socket.bufferedAmount, 0);
});

memory('more than may wait in memory breaks the connection, at both ends', async () => {
  const sockets = memorySockets();
  const near = ear();
  const far = ear();
  sockets.accept((socket) => socket.listen(far.events));
  const socket = sockets.open(request, near.events);
  await near.heard(1);
  const mebibyte = 'x'.repeat(1024 * 1024);
  for (let sent = 0; sent <= 64; sent += 1) socket.send(mebibyte);
  assert.is((await near.closed()).code, 1006);
  assert.match((await near.closed()).error ?? '', 'may wait');
  assert.is((await far.closed()).code, 1006);
  assert.is(far.told.length, 1);
});

memory('who accepts later takes the place of who accepted before, whose own end does not stop it', async () => {
  const sockets = memorySockets();
  const stopFirst = sockets.accept(() => assert.unreachable());
  const far = ear();
  const stopSecond = sockets.accept((socket) => socket.listen(far.events));
  stopFirst();
  const socket = sockets.open(request, ear().events);
  socket.close(4000, 'bye');
  const near = ear();
  sockets.open(request, near.events);
  await near.heard(1);
  assert.equal(near.told, ['opened']);
  stopSecond();
  const refused = ear();
  sockets.open(request, refused.events);
  assert.match((await refused.closed()).error ?? '', 'Nobody accepts');
  sockets.cut();
});

memory.run();
