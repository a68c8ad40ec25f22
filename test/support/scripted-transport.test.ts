import { suite } from 'uvu';
import { type TransportBench, transportContract, type Visit } from '../../adapters/contracts/transport.js';
import { virtualHost } from '../../adapters/hosts/virtual.js';
import type { InboundItem, OutboundPacket } from '../../machines/stream/packets.js';
import { isSilent, refuses, type ScriptedLink, type ScriptedTransport, scriptedTransport } from './scripted-transport.js';

const inbound = (packet: OutboundPacket): InboundItem | Extract<OutboundPacket, { kind: 'ack' }> => {
  if (packet.kind === 'signIn') return { kind: 'signIn', ...packet.credential() };
  return 'payload' in packet ? { ...packet, payload: JSON.parse(packet.payload) as unknown } : packet;
};

/** The contract's server as a script. */
const visitFor = (link: ScriptedLink, asks: Visit['asks'], credential: object): Visit => ({
  asks,
  credential: { ...credential },
  welcome: (packets = []) => {
    if (asks === 'start') link.welcomed();
    else link.welcomed({ outcome: 'resumed' }, { received: 3, done: 3, seen: 1, last: 2, exceptions: [], incarnation: 1 });
    if (packets.length > 0) link.received(...packets.map(inbound));
  },
  deny: (what) => link.denied(what),
  gone: async () => visitFor(link, 'start', (await link.gone()) ?? {}),
  send: (packets) => link.received(...packets.map(inbound)),
  bye: (what) => link.lost(what),
  babble: () => link.lost('ProtocolError'),
  cut: () => link.lost('ConnectionLostError'),
  mute: () => undefined,
  get heard() {
    return link.written.map(inbound).filter((packet): packet is InboundItem => packet.kind !== 'ack');
  },
  hears: (count) => link.wrote(count),
  left: async () => {
    await link.over();
    return link.ended === 'goodbye' ? 'goodbye' : 'closed';
  },
});

const bench = (): TransportBench => {
  const host = virtualHost({ seed: 1 });
  const visits: Visit[] = [];
  const waiters: (() => void)[] = [];
  let taken = 0;
  const transport: ScriptedTransport = scriptedTransport({
    clock: host.clock,
    script: async (link) => {
      const credential = link.openings.resume ?? (await link.ask());
      if (credential === null || link.ended !== null) return;
      visits.push(visitFor(link, link.openings.resume === null ? 'start' : 'resume', credential));
      for (const wake of waiters.splice(0)) wake();
      link.opened();
    },
  });
  return {
    transport,
    refused: scriptedTransport({ clock: host.clock, script: refuses }),
    silent: scriptedTransport({ clock: host.clock, script: isSilent }),
    visit: async () => {
      taken += 1;
      const which = taken;
      while (visits.length < which) await new Promise<void>((resolve) => waiters.push(resolve));
      return visits[which - 1] as Visit;
    },
    get visits() {
      return visits.length;
    },
    advance: host.advance,
    close: async () => undefined,
  };
};

const scripted = suite('the scripted transport');
// Whether something is heard is said by hand.
transportContract(scripted, bench, { without: ['liveness'] });
scripted.run();
