/** `npm run proxy -- --target ws://127.0.0.1:4150 --listen 4151`: a network that fails on command, between a client and a server. */
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { commandsText, parseCommand } from '../test/support/proxy/commands.js';
import { startProxy } from '../test/support/proxy.js';
import { optionsOr, type Usage, usageOf } from './support/usage.js';

const HELP = `A TCP proxy with the faults of real networks. Clients connect to it instead of the server; you type what goes wrong.

  npm run proxy -- --target ws://127.0.0.1:4150 --listen 4151

  --target URL      where connections lead: ws://HOST:PORT (default ws://127.0.0.1:4150)
  --listen PORT     where clients connect, on 127.0.0.1 (default: a free port)
  --do COMMAND      a command to begin with; may be given more than once
  --help            this text

Commands, typed one a line:

${commandsText}
  help                                  this list
  quit                                  end, with every connection
`;

/** The port of the docs' examples. */
const TARGET = 'ws://127.0.0.1:4150';
const PORT_MAX = 65_535;

const usage: Usage = usageOf(HELP);

const optionsOf = () =>
  optionsOr(
    usage,
    () =>
      parseArgs({
        options: {
          target: { type: 'string', default: TARGET },
          listen: { type: 'string', default: '0' },
          do: { type: 'string', multiple: true, default: [] },
          help: { type: 'boolean', short: 'h', default: false },
        },
      }).values,
  );

const options = optionsOf();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const targetUrl = URL.canParse(options.target) ? new URL(options.target) : null;
if (targetUrl?.protocol !== 'ws:') usage(`--target wants an address like ${TARGET}, not ${JSON.stringify(options.target)}.`);
const port = Number(options.listen);
if (!/^\d+$/.test(options.listen) || port > PORT_MAX) usage(`--listen wants a port, not ${JSON.stringify(options.listen)}.`);

const { hostname: host, port: targetPort } = targetUrl as URL;
const proxy = await startProxy({ target: { host, port: Number(targetPort || 80) }, port }).catch((error: Error) => {
  process.stderr.write(`It can not listen there: ${error.message}\n`);
  process.exit(1);
});
process.stdout.write(`${proxy.url} leads to ${options.target}. Type \`help\` for what can go wrong, \`quit\` to end.\n`);

const obey = async (line: string): Promise<void> => {
  if (line.trim() === '') return;
  if (/^\s*(help|\?)\s*$/.test(line)) return void process.stdout.write(`${commandsText}\n`);
  const command = parseCommand(line);
  process.stdout.write(command.ok ? `${await command.run(proxy)}\n` : `${command.problem}\n`);
};
for (const line of options.do) await obey(line);

const lines = createInterface({ input: process.stdin });
process.once('SIGINT', () => lines.close());
for await (const line of lines) {
  if (/^\s*(quit|exit)\s*$/.test(line)) break;
  await obey(line);
}
lines.close();
await proxy.close();
process.stdin.destroy();
