/** Whose connections are counted together: an address's, or a network's where one customer has many. */
import { BlockList, isIP } from 'node:net';

/** Where no stranger comes from: this machine, private networks (RFC 1918, RFC 4193, RFC 6598) and links (RFC 3927, RFC 4291). What comes from there is a proxy, or one's own. */
const localNetworks: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
];

/** The longest text of an address, scope left out: what is longer is none. */
const addressLengthMax = 45;
const mappedIpv4 = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;
/** How many groups of an IPv6 address one customer has: a /64 is the least that a provider hands out, and an attacker has all of it. */
const customerGroups = 4;
const ipv6Groups = 8;

/** IPv4 as it is, also where it is written as IPv6; IPv6 in its shortest form; null where it is no address. */
export const normalAddress = (text: string): string | null => {
  const bare = text.replace(/%.*$/, '').slice(0, addressLengthMax + 1);
  const kind = isIP(bare);
  if (kind !== 6) return kind === 4 ? bare : null;
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [, high, low] = mappedIpv4.exec(short) ?? [];
  if (high === undefined || low === undefined) return short;
  return [high, low].flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]).join('.');
};

/** The first groups of an IPv6 address in its shortest form. */
const networkOf = (short: string): string => {
  const [before = '', after] = short.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const groups = [...before];
  if (after !== undefined) {
    while (groups.length + after.length < ipv6Groups) groups.push('0');
    groups.push(...after);
  }
  return `${groups.slice(0, customerGroups).join(':')}::/64`;
};

/** How many there are of each address, or of each /64 network where it is IPv6. */
export class Addresses {
  readonly #max: number;
  readonly #local = new BlockList();
  readonly #counts = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
    for (const [network, prefix, family] of localNetworks) this.#local.addSubnet(network, prefix, family);
  }

  /** What it is counted under; null: it is not. */
  keyOf(remoteAddress: string | null): string | null {
    const address = remoteAddress === null ? null : normalAddress(remoteAddress);
    if (address === null) return null;
    const family = address.includes(':') ? 'ipv6' : 'ipv4';
    if (this.#local.check(address, family)) return null;
    return family === 'ipv6' ? networkOf(address) : address;
  }

  /** One more comes from it. False: there were as many as there may be. It is counted all the same, until `leave`. */
  enter(remoteAddress: string | null): boolean {
    const key = this.keyOf(remoteAddress);
    if (key === null) return true;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count <= this.#max;
  }

  leave(remoteAddress: string | null): void {
    const key = this.keyOf(remoteAddress);
    const count = key === null ? undefined : this.#counts.get(key);
    if (key === null || count === undefined) return;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
  }
}
