import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { taskEither as TE } from 'fp-ts';
import { messageOf } from '../../errors.js';
import { exitCodes } from '../exit.js';
import { type Problem, problem, wrongUse } from '../problem.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

const PORT_MAX = 65_535;

/** Why the system did not give the port, in words that say what to do. */
const whyNot = ({ host, port }: Address, thrown: unknown): Problem => {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  const other = port < PORT_MAX ? port + 1 : port - 1;
  switch (code) {
    case 'EADDRINUSE':
      return problem(
        exitCodes.unavailable,
        `Port ${port} on ${host} is taken: another program listens there, perhaps a \`ninelives serve\` that still runs.`,
        `Stop that program, or take another port: --port ${other}, or --port 0 for any that is free.`,
      );
    case 'EACCES':
      return problem(
        exitCodes.unavailable,
        `This user may not listen on port ${port} of ${host}: ports below 1024 are usually the system's.`,
        'Take a port from 1024 on, such as --port 4150.',
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return wrongUse(
        `This machine has no address ${host}.`,
        'Take --host 127.0.0.1 to be reached from this machine, or --host 0.0.0.0 to be reached from others too.',
      );
    default:
      return problem(exitCodes.unavailable, `The server can not listen on port ${port} of ${host}: ${messageOf(thrown)}.`);
  }
};

const listening = (http: Server, { host, port }: Address): Promise<number> =>
  new Promise((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve((http.address() as AddressInfo).port);
    });
  });

/** An HTTP server at an address; port 0 takes a free one. */
export const listenAt = (address: Address, listener: RequestListener): TE.TaskEither<Problem, { http: Server; port: number }> => {
  const http = createServer(listener);
  return TE.tryCatch(
    async () => ({ http, port: await listening(http, address) }),
    (thrown) => whyNot(address, thrown),
  );
};

const everywhere: readonly string[] = ['0.0.0.0', '::'];

/** `localhost:4150`: where a program on this machine finds what listens at an address. */
export const authorityOf = ({ host, port }: Address): string => {
  const name = everywhere.includes(host) ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `${name}:${port}`;
};
