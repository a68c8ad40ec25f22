import type { InboundPacket } from '../../machines/stream/packets.js';
import type { ClientFrame, ServerFrame } from './frames.js';

/** Is this frame the stream's affair, or the connection's? */
export const isPacket = <Frame extends ClientFrame | ServerFrame>(frame: Frame): frame is Extract<Frame, InboundPacket> => {
  switch (frame.kind) {
    case 'message':
    case 'request':
    case 'reply':
    case 'failure':
    case 'cancel':
    case 'end':
    case 'skip':
    case 'signIn':
    case 'identity':
    case 'ack':
      return true;
    default:
      return false;
  }
};
