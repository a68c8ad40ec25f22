import { writeSync } from 'node:fs';
import { admissionOf, given, NOW } from '../../../../adapters/contracts/store/with.js';
import { sqlite } from '../../../../adapters/stores/sqlite.js';

/** Admits sessions until it is killed, and says the id of each one once it was acknowledged. */
const store = sqlite(process.argv[2] ?? '');
await given(store.open({ now: NOW }));
for (let n = 1; ; n += 1) {
  await given(store.admit(admissionOf(`s${n}`, { username: `user${n}`, profile: { properties: { filler: 'x'.repeat(1000) } } })));
  writeSync(1, `s${n}\n`);
}
