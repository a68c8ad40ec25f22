import type { ShippedFound } from './trace.js';

/** A test that takes the same steps. */
export const shippedTestOf = (configuration: string, { rule, labels }: Pick<ShippedFound, 'rule' | 'labels'>): string =>
  [
    `test(${JSON.stringify(`${rule}: ${configuration}`)}, async () => {`,
    `  await followShipped(shippedConfiguration(${JSON.stringify(configuration)}), [`,
    ...labels.map((label) => `    ${JSON.stringify(label)},`),
    '  ]);',
    '});',
  ].join('\n');
