/** The runner against every way in which uvu is known to be silent: each trap is planted in a folder of its own. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FileVerdict } from '../../scripts/runner/verdict.js';

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly lastLine: string | undefined;
}

const REPOSITORY = resolve('.');
const HEAD = `import { suite } from 'uvu'; import * as assert from 'uvu/assert'; const s = suite('s');`;

const run = (
  files: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = { CI: '' },
): Promise<Outcome> => {
  const folder = mkdtempSync(join(tmpdir(), 'ninelives-runner-'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, 'test', name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return new Promise((done, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', join(REPOSITORY, 'scripts/run-tests.ts'), ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      rmSync(folder, { recursive: true });
      done({ code, stdout, stderr, lastLine: stdout.trimEnd().split('\n').at(-1) });
    });
  });
};

const runner = suite('the test runner');

runner('passes what passes, and says so in its last line', async () => {
  const { code, lastLine } = await run({
    'a.test.ts': `${HEAD} s('one', () => {}); s('two', () => {}); s.run();`,
    'deep/b.test.ts': `${HEAD} s('three', () => {}); s.run();`,
  });
  assert.is(lastLine, '3 passed, 0 failed, 0 skipped');
  assert.is(code, 0);
});

runner("counts a failed test, prints its file's output whole and goes on with the next file", async () => {
  const { code, stdout, lastLine } = await run({
    'a.test.ts': `${HEAD} s('one', () => { console.log('seen before'); assert.is(1, 2, 'one is not two'); }); s('two', () => {}); s.run();`,
    'b.test.ts': `${HEAD} s('three', () => {}); s.run();`,
  });
  assert.is(lastLine, '2 passed, 1 failed, 0 skipped');
  assert.match(stdout, 'one is not two');
  assert.match(stdout, 'seen before');
  assert.is(code, 1);
});

/** A trap: the file's text, what the runner must say about it (its faults or its output), and the counts it comes to. */
type Trap = readonly [text: string, says: string, passed: number, failed: number];

const traps: Readonly<Record<string, Trap>> = {
  'a forgotten .run()': [`${HEAD} s('one', () => {});`, 'it ran nothing', 0, 1],
  'a suite without a test': [`${HEAD} s.run();`, 'it ran no test', 0, 1],
  'a forgotten .run() beside a suite that runs': [
    `${HEAD} s('one', () => {}); s.run();\nconst t = suite('t'); t('two', () => {});`,
    'the suite `t` is never run',
    1,
    1,
  ],
  'a left-over .only': [`${HEAD} s.only('one', () => {}); s('two', () => {}); s.run();`, '1 of its tests were passed over', 1, 1],
  'an .only on every test': [
    `import { suite } from 'uvu';\nconst s = suite('s');\ns.only('one', () => {});\ns.run();`,
    '`s.only` was left in',
    1,
    1,
  ],
  'an undeclared .skip': [`${HEAD} s.skip('one', () => {}); s('two', () => {}); s.run();`, 'passed over', 1, 1],
  'an unhandled rejection': [
    `${HEAD} s('one', () => { void Promise.reject(new Error('nobody listens')); }); s.run();`,
    'nobody listens',
    1,
    1,
  ],
  'a throw after the last test has passed': [
    `${HEAD} s('one', () => { setTimeout(() => { throw new Error('too late'); }, 50); }); s.run();`,
    'it ended with exit code',
    1,
    1,
  ],
  'a test that never settles, with nothing left to wait for': [
    `${HEAD} s('one', () => new Promise(() => {})); s.run();`,
    'Exiting early',
    0,
    1,
  ],
  'an exit within a test': [`${HEAD} s('one', () => process.exit(0)); s.run();`, 'Exiting early', 0, 1],
  'a file that throws while it is loaded': [`throw new Error('broken at once');`, 'broken at once', 0, 1],
  'a timer left open': [`${HEAD} s('one', () => { setInterval(() => {}, 1000); }); s.run();`, 'did not end within', 1, 1],
  'a loop that never yields': [`${HEAD} s('one', () => { for (;;); }); s.run();`, 'did not end within', 0, 1],
  'a process left running': [
    `import { execFileSync, spawn } from 'node:child_process'; ${HEAD} s('one', () => { spawn('sleep', ['60'], { stdio: 'inherit' }).unref(); }); s.run();`,
    'it left a process running',
    1,
    1,
  ],
};

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly files: readonly FileVerdict[];
}

const catches = suite<{ outcome: Outcome; result: Result }>('the traps that the test runner catches');
const fileOf = (trap: string): string => `${trap.replaceAll(/\W+/g, '-')}.test.ts`;

catches.before(async (context) => {
  const files = Object.fromEntries(Object.entries(traps).map(([trap, [text]]) => [fileOf(trap), text]));
  context.outcome = await run(files, ['--json', '--jobs', '4', '--limit-ms', '6000']);
  context.result = JSON.parse(context.outcome.stdout) as Result;
});

for (const [trap, [, says, passed, failed]] of Object.entries(traps))
  catches(trap, ({ outcome, result }) => {
    const verdict = result.files.find(({ file }) => file.endsWith(fileOf(trap)));
    // What is printed for one file lies between its own line and the next file's.
    const printed = outcome.stderr.slice(outcome.stderr.indexOf(fileOf(trap))).split(/^(?=FAILED|ok )/m)[0] ?? '';
    assert.match(printed, says);
    assert.equal([verdict?.passed, verdict?.failed], [passed, failed]);
  });

catches('all of them at once, in its exit code', ({ outcome }) => {
  assert.is(outcome.code, 1);
});

runner('kills what a hanging file has started along with it', async () => {
  const text = `import { execFileSync, spawn } from 'node:child_process'; ${HEAD} s('one', () => { const c = spawn('sleep', ['60'], { stdio: 'inherit' }); console.log('pid=' + c.pid); }); s.run();`;
  const { stdout } = await run({ 'a.test.ts': text }, ['--limit-ms', '3000']);
  const pid = Number(/pid=(\d+)/.exec(stdout)?.[1]);
  assert.ok(pid > 0);
  // What is left may be a corpse that nobody has collected yet; what must not be left is something that runs.
  const state = (() => {
    try {
      return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    } catch {
      return 'gone';
    }
  })();
  assert.match(state, /^(gone|Z)/);
});

runner('fails where no file matches the name', async () => {
  const { code, stdout, lastLine } = await run({ 'a.test.ts': `${HEAD} s('one', () => {}); s.run();` }, ['nowhere']);
  assert.match(stdout, '"nowhere"');
  assert.is(lastLine, '0 passed, 1 failed, 0 skipped');
  assert.is(code, 1);
});

runner('runs only the files whose path contains the name', async () => {
  const ok = `${HEAD} s('one', () => {}); s.run();`;
  const { lastLine } = await run({ 'stores/a.test.ts': ok, 'sockets/b.test.ts': ok }, ['stores/']);
  assert.is(lastLine, '1 passed, 0 failed, 0 skipped');
});

runner('refuses an option it does not know, and teaches', async () => {
  const { code, stderr } = await run({}, ['--fast']);
  assert.match(stderr, '--limit-ms N');
  assert.is(code, 2);
});

runner('prints one object for programs with --json', async () => {
  const { stdout } = await run({ 'a.test.ts': `${HEAD} s('one', () => {}); s.run();` }, ['--json']);
  const result = JSON.parse(stdout) as { passed: number; files: { file: string }[] };
  assert.is(result.passed, 1);
  assert.is(result.files[0]?.file, 'test/a.test.ts');
});

const NEEDS = `import { needs, suiteNeeds } from ${JSON.stringify(join(REPOSITORY, 'test/support/needs.ts'))};`;

runner('counts a file that needs something absent as skipped, by name', async () => {
  const { code, stdout, lastLine } = await run({
    'a.test.ts': `${NEEDS} ${HEAD} needs('a unicorn', () => false); s('one', () => { throw new Error('ran'); }); s.run();`,
  });
  assert.match(stdout, 'SKIP test/a.test.ts: needs a unicorn');
  assert.is(lastLine, '0 passed, 0 failed, 1 skipped');
  assert.is(code, 0);
});

runner('runs a file that needs something present', async () => {
  const { lastLine } = await run({ 'a.test.ts': `${NEEDS} ${HEAD} needs('node', () => true); s('one', () => {}); s.run();` });
  assert.is(lastLine, '1 passed, 0 failed, 0 skipped');
});

runner('skips one suite of a file and runs the other', async () => {
  const text = `${NEEDS} ${HEAD} s('one', () => {}); s.run(); const t = suite('t'); t('two', () => {}); if (suiteNeeds('t', 'a unicorn', () => 'extinct')) t.run();`;
  const { stdout, lastLine } = await run({ 'a.test.ts': text });
  assert.match(stdout, 'SKIP t: needs a unicorn (extinct)');
  assert.is(lastLine, '1 passed, 0 failed, 1 skipped');
});

runner('fails where something is absent and CI is set', async () => {
  const { code, stdout, lastLine } = await run({ 'a.test.ts': `${NEEDS} ${HEAD} needs('a unicorn', () => false); s.run();` }, [], {
    CI: '1',
  });
  assert.match(stdout, 'nothing may be skipped here');
  assert.is(lastLine, '0 passed, 1 failed, 0 skipped');
  assert.is(code, 1);
});

runner.run();
catches.run();
