/**
 * A relay between a Node process and the Stately Inspector's page: it serves a page that frames the viewer, and hands on what the inspector
 * sends. The inspector's own relay listens on every interface, for pages of any origin, and ends the process where its port is taken.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';

export interface Relay {
  /** Where the page is. */
  readonly url: string;
  /** Where the inspector sends to. */
  readonly socketUrl: string;
  stop(): void;
}

/** This machine alone: what is shown is a user's session. */
const host = '127.0.0.1';
/** Events that a viewer which comes late is still shown: the inspector keeps as many. */
const keptMax = 200;

const page = (viewerUrl: string): string => `<!doctype html>
<title>Nine Lives in the Stately Inspector</title>
<style>html, body, iframe { margin: 0; width: 100%; height: 100%; border: 0; }</style>
<iframe src="${viewerUrl}"></iframe>
<script>
  const viewer = document.querySelector('iframe');
  const waiting = [];
  let ready = false;
  const show = (event) => viewer.contentWindow.postMessage(event, '*');
  addEventListener('message', ({ data }) => {
    if (data?.type !== '@statelyai.connected') return;
    ready = true;
    waiting.splice(0).forEach(show);
  });
  new WebSocket('ws://' + location.host).onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (ready) show(event);
    else waiting.push(event);
  };
</script>
`;

/** Start it. Rejects where the port can not be had. It does not keep the process alive. */
export const startRelay = async (port: number, viewerUrl: string): Promise<Relay> => {
  const http = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page(viewerUrl));
  });
  http.listen(port, host);
  await once(http, 'listening');
  http.unref();
  const own = `${host}:${(http.address() as AddressInfo).port}`;
  const sockets = new WebSocketServer({
    server: http,
    // The inspector sends no origin; a page is to be ours.
    verifyClient: ({ origin }: { origin: string | undefined }) => origin === undefined || origin === `http://${own}`,
  });
  const kept: string[] = [];
  sockets.on('connection', (socket, { socket: connection }) => {
    connection.unref();
    for (const text of kept) socket.send(text);
    socket.on('message', (data) => {
      const text = String(data);
      kept.push(text);
      if (kept.length > keptMax) kept.shift();
      for (const other of sockets.clients) if (other !== socket && other.readyState === WebSocket.OPEN) other.send(text);
    });
  });
  return {
    url: `http://${own}/`,
    socketUrl: `ws://${own}`,
    stop: () => {
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      http.close();
    },
  };
};
