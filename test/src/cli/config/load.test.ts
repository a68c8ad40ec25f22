import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type LoadRequest, loadSettings } from '../../../../src/cli/config/load.js';
import { settingNames } from '../../../../src/cli/config/settings.js';
import { exitCodes } from '../../../../src/cli/exit.js';
import { inFolder } from '../support.js';

const loading = suite('configuration');

const load = (cwd: string, request: Partial<LoadRequest> = {}) =>
  loadSettings({ flags: {}, configFile: undefined, env: {}, cwd, names: settingNames, ...request })();

const given = async (cwd: string, request?: Partial<LoadRequest>) => {
  const loaded = await load(cwd, request);
  if (E.isLeft(loaded)) throw new Error(loaded.left.what);
  return loaded.right;
};

const refused = async (cwd: string, request?: Partial<LoadRequest>) => {
  const loaded = await load(cwd, request);
  if (E.isRight(loaded)) throw new Error(`It was taken: ${JSON.stringify(loaded.right.settings)}`);
  assert.is(loaded.left.exit, exitCodes.usage);
  return [loaded.left.what, ...loaded.left.remedies].join('\n');
};

const put = (folder: string, name: string, text: string): void => writeFileSync(join(folder, name), text);

loading(
  'without any, nothing is set and no file is named',
  inFolder(async (folder) => {
    const { settings, configFile } = await given(folder);
    assert.equal(settings, {});
    assert.is(configFile, null);
  }),
);

loading(
  'flags go before the environment, which goes before the file',
  inFolder(async (folder) => {
    put(folder, 'ninelives.config.json', JSON.stringify({ port: 1, host: 'file', logLevel: 'debug' }));
    const { settings, from } = await given(folder, { flags: { port: '3' }, env: { NINELIVES_PORT: '2', NINELIVES_HOST: 'env' } });
    assert.equal(settings, { port: 3, host: 'env', logLevel: 'debug' });
    assert.equal([from('port'), from('host'), from('logLevel')], ['--port', 'NINELIVES_HOST', 'logLevel in ninelives.config.json']);
  }),
);

for (const [name, text] of [
  ['ninelives.config.ts', 'const port: number = 7;\nexport default { port };\n'],
  ['ninelives.config.mjs', 'export default { port: 7 };\n'],
  ['ninelives.config.js', 'export default { port: 7 };\n'],
  ['ninelives.config.json', '{ "port": 7 }\n'],
] as const)
  loading(
    `${name} is read`,
    inFolder(async (folder) => {
      put(folder, name, text);
      const { settings, configFile } = await given(folder);
      assert.equal(settings, { port: 7 });
      assert.is(configFile, name);
    }),
  );

loading(
  'a file that is named is read wherever it is, and a store in it is relative to it',
  inFolder(async (folder) => {
    mkdirSync(join(folder, 'etc'));
    put(folder, 'etc/live.mjs', "export default { store: 'data.db' };\n");
    const request = { configFile: 'etc/live.mjs' };
    assert.is((await given(folder, request)).settings.store, join(folder, 'etc/data.db'));
    assert.is((await given(folder, { env: { NINELIVES_CONFIG: 'etc/live.mjs' } })).settings.store, join(folder, 'etc/data.db'));
    assert.is((await given(folder, { ...request, flags: { store: 'data.db' } })).settings.store, 'data.db');
    put(folder, 'etc/memory.mjs', "export default { store: 'memory' };\n");
    assert.is((await given(folder, { configFile: 'etc/memory.mjs' })).settings.store, 'memory');
  }),
);

loading(
  'functions come as they are: authenticate, setup',
  inFolder(async (folder) => {
    put(
      folder,
      'ninelives.config.mjs',
      "const own = { name: 'own', authenticate: async () => ({ _tag: 'Right', right: {} }) };\nexport default { authenticate: own, setup: () => 'set up', options: { pingEveryMs: 9 } };\n",
    );
    const { authenticate, setup, options } = (await given(folder)).settings;
    assert.is(typeof authenticate === 'object' && authenticate.name, 'own');
    assert.is(setup?.(), 'set up');
    assert.equal(options, { pingEveryMs: 9 });
  }),
);

loading(
  'lists are given as repeated flags, as text with commas, and as arrays',
  inFolder(async (folder) => {
    assert.equal((await given(folder, { flags: { apiKeys: ['a', 'b'] } })).settings.apiKeys, ['a', 'b']);
    assert.equal((await given(folder, { env: { NINELIVES_API_KEYS: 'a, b' } })).settings.apiKeys, ['a', 'b']);
    put(folder, 'ninelives.config.json', '{ "apiKeys": ["a", "b"], "passwords": { "jane": "x=y" } }');
    const { apiKeys, passwords } = (await given(folder)).settings;
    assert.equal(apiKeys, ['a', 'b']);
    assert.equal([...(passwords ?? [])], [['jane', 'x=y']]);
    assert.equal([...((await given(folder, { flags: { passwords: ['joe=a=b'] } })).settings.passwords ?? [])], [['joe', 'a=b']]);
  }),
);

loading(
  'every wrong value is told, with where it came from and what it may be',
  inFolder(async (folder) => {
    put(folder, 'ninelives.config.json', JSON.stringify({ origins: ['https://example.com/path'], guests: 'perhaps' }));
    const said = await refused(folder, { flags: { port: '65536' }, env: { NINELIVES_LOG_LEVEL: 'loud' } });
    assert.match(said, /--port is "65536". It has to be a whole number from 0 to 65535/);
    assert.match(said, /NINELIVES_LOG_LEVEL is "loud". It has to be one of debug, info/);
    assert.match(said, /origins in ninelives.config.json is .*It has to be a list of origins/);
    assert.match(said, /guests in ninelives.config.json is "perhaps". It has to be true or false/);
  }),
);

loading(
  'a variable that is empty is a mistake, not a default',
  inFolder(async (folder) => {
    for (const name of ['NINELIVES_API_KEYS', 'NINELIVES_GUESTS', 'NINELIVES_WEBHOOK', 'NINELIVES_PORT'])
      assert.match(await refused(folder, { env: { [name]: '' } }), `${name} is empty`);
    assert.match(await refused(folder, { env: { NINELIVES_CONFIG: '' } }), 'is empty');
  }),
);

loading(
  'a secret is not repeated where it can not be used',
  inFolder(async (folder) => {
    put(folder, 'ninelives.config.json', JSON.stringify({ apiKeys: ['topsecret1', ''], webhookSecret: ['topsecret5'] }));
    const said = await refused(folder, {
      flags: { passwords: ['topsecret2'] },
      env: { NINELIVES_WEBHOOK: 'https://jane:topsecret3@example.com' },
    });
    assert.not.match(said, /topsecret/);
    assert.match(said, /--password can not be used/);
    assert.match(said, /apiKeys in ninelives.config.json can not be used/);
    assert.match(said, /NINELIVES_WEBHOOK can not be used/);
  }),
);

loading(
  'a name that has two passwords is a mistake',
  inFolder(async (folder) => {
    assert.match(await refused(folder, { flags: { passwords: ['jane=a', 'jane=b'] } }), /--password can not be used.*each name once/);
  }),
);

loading(
  'what no setting is called is named, with the settings that there are',
  inFolder(async (folder) => {
    put(folder, 'ninelives.config.json', '{ "prot": 4150 }');
    assert.match(await refused(folder), /ninelives.config.json has `prot`[\s\S]*The settings are port, host/);
  }),
);

loading(
  'a file that is absent, broken or without settings is told',
  inFolder(async (folder) => {
    assert.match(await refused(folder, { configFile: 'none.ts' }), /no configuration file .*none\.ts/);
    put(folder, 'broken.mjs', 'export default {\n');
    assert.match(await refused(folder, { configFile: 'broken.mjs' }), /broken\.mjs can not be loaded/);
    put(folder, 'throws.mjs', "throw new Error('no database');\n");
    assert.match(await refused(folder, { configFile: 'throws.mjs' }), /throws\.mjs can not be loaded: no database/);
    put(folder, 'list.json', '[1]');
    assert.match(await refused(folder, { configFile: 'list.json' }), /list\.json has no settings/);
  }),
);

loading(
  'a setting that the command does not use is none of its business',
  inFolder(async (folder) => {
    const { settings } = await given(folder, { names: ['store'], env: { NINELIVES_PORT: 'x', NINELIVES_STORE: 'a.db' } });
    assert.equal(settings, { store: 'a.db' });
  }),
);

loading.run();
