import { OmpayError } from '../core/errors.ts';
import type { LabHost } from './types.ts';
import type { WantedHost } from './wanted.ts';

/** Labs live in 10.77.0.0/16 (private, RFC 1918), each in a /24 of its own: .1 the bridge, .2 to .9 relays, .11 on hosts. */
const FIRST_BYTES = '10.77';
const SUBNETS = 256;
const FIRST_RELAY = 2;
const FIRST_HOST = 11;

export function gatewayOf(subnet: number): string {
  return address(subnet, 1);
}

export function relayAddress(subnet: number, index: number): string {
  return address(subnet, FIRST_RELAY + index);
}

export function labHosts(subnet: number, wanted: readonly WantedHost[]): readonly LabHost[] {
  return wanted.map((host, index) => ({ ...host, index, address: address(subnet, FIRST_HOST + index) }));
}

function address(subnet: number, lastByte: number): string {
  return `${FIRST_BYTES}.${subnet}.${lastByte}`;
}

/** What the machine uses of our range: the first words of `ip -4 address` and `ip -4 route` lines with a prefix length. */
export function subnetsIn(text: string): ReadonlySet<number> {
  const taken = new Set<number>();
  for (const [, third, length] of text.matchAll(/\b10\.77\.(\d{1,3})\.\d{1,3}(?:\/(\d{1,2}))?/g)) {
    const first = Number(third);
    const bits = length === undefined ? 32 : Number(length);
    // A route of /20 takes 16 of our subnets; one that holds all of the range leaves none.
    const count = bits >= 24 ? 1 : 2 ** (24 - Math.max(bits, 16));
    const start = first - (first % count);
    for (let subnet = start; subnet < start + count; subnet += 1) taken.add(subnet);
  }
  return taken;
}

/**
 * A subnet that nothing uses. Where it looks first comes from the lab's id, so that two labs that begin at once do not
 * meet. Throws `stateUnusable` when all are taken.
 */
export function freeSubnet(id: string, taken: ReadonlySet<number>): number {
  const start = Number.parseInt(id, 16) % SUBNETS;
  for (let step = 0; step < SUBNETS; step += 1) {
    const subnet = (start + step) % SUBNETS;
    if (!taken.has(subnet)) return subnet;
  }
  throw new OmpayError('stateUnusable', `no subnet of ${FIRST_BYTES}.0.0/16 is free on this machine`, {
    hint: 'see what uses them: ip -4 route; ip -4 address',
  });
}
