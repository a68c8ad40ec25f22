import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { exitCodes } from '../../../src/cli/exit.js';
import { run } from '../../../src/cli/run.js';
import { testIo } from './support.js';

const line = suite('the command line');

line('--version prints the version of the package', async () => {
  const io = testIo();
  assert.is(await run(['--version'], io), exitCodes.done);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.is(io.out(), `${version}\n`);
});

line('help names every command and what the exit codes mean', async () => {
  const io = testIo();
  assert.is(await run(['--help'], io), exitCodes.done);
  for (const word of ['serve', 'chat', 'users', 'sessions', 'Exit codes:', ...Object.values(exitCodes).map((code) => `  ${code}  `)])
    assert.ok(io.out().includes(word), word);
  assert.is(io.err(), '');
});

for (const command of [['serve'], ['chat'], ['users'], ['users', 'create'], ['sessions']])
  line(`the help of ${command.join(' ')} has an example`, async () => {
    const io = testIo();
    assert.is(await run([...command, '--help'], io), exitCodes.done);
    assert.match(io.out(), new RegExp(`\\$ .*ninelives ${command.join(' ')}`));
  });

line('without a command it prints help, and that is wrong use', async () => {
  const io = testIo();
  assert.is(await run([], io), exitCodes.usage);
  assert.match(io.err(), 'Usage: ninelives');
});

for (const [argv, hint] of [
  [['serv'], 'Did you mean serve?'],
  [['serve', '--prot', '1'], 'Did you mean --port?'],
  [['users', 'creat', 'jane'], 'Did you mean create?'],
] as const)
  line(`\`${argv.join(' ')}\` is wrong use: ${hint}`, async () => {
    const io = testIo();
    assert.is(await run(argv, io), exitCodes.usage);
    assert.match(io.err(), hint);
    assert.match(io.err(), '--help');
    assert.is(io.out(), '');
  });

for (const argv of [
  ['sessions', '--state', 'lost'],
  ['users', '--page', '0'],
  ['users', '--size', '201'],
  ['users', '--size', 'all'],
])
  line(`\`${argv.join(' ')}\` is wrong use, and says what the value may be`, async () => {
    const io = testIo();
    assert.is(await run(argv, io), exitCodes.usage);
    assert.match(io.err(), 'It has to be');
  });

line.run();
