/** Attacks, in a process of its own: its load is not the bystander's. Told over IPC which attack, on which port, how large. */
import { attacks } from './attacks.js';
import { type Scale, type Tally, target } from './kit.js';

export interface AttackOrder {
  readonly number: number;
  readonly name: string;
  readonly port: number;
  readonly scale: Scale;
}

export type AttackTold =
  | { readonly ready: true }
  | { readonly number: number; readonly tally: Tally }
  | { readonly number: number; readonly failed: string };

if (process.send !== undefined) {
  const tell = (told: AttackTold): void => void process.send?.(told);
  process.on('message', ({ number, name, port, scale }: AttackOrder) => {
    const attack = attacks.find((one) => one.name === name);
    if (attack === undefined) return tell({ number, failed: `There is no attack ${name}.` });
    const at = target(port, scale);
    attack
      .run(at)
      .finally(() => at.close())
      .then(
        () => tell({ number, tally: at.tally }),
        (error: Error) => tell({ number, failed: error.stack ?? error.message }),
      );
  });
  process.on('disconnect', () => process.exit());
  tell({ ready: true });
}
