import { readHostNames } from './names.ts';
import { distributionIn } from './record.ts';
import type { Distribution } from './types.ts';

export interface WantedHost {
  readonly name: string;
  readonly distribution: Distribution;
}

/** `lb,web1,db1=sid`: what names no distribution is of `fallback`. Throws `usage`. */
export function readWantedHosts(text: string, fallback: Distribution): readonly WantedHost[] {
  const parts = text.split(',').map((part) => {
    const [name = '', ...rest] = part.split('=');
    return { name, chosen: rest.length === 0 ? undefined : rest.join('=').trim() };
  });
  return readHostNames(parts.map(({ name }) => name).join(',')).map((name, index) => {
    const chosen = parts[index]?.chosen;
    return { name, distribution: chosen === undefined ? fallback : distributionIn(chosen) };
  });
}

/** As it is typed again: `lb,web1,db1=sid`. */
export function shownHosts(hosts: readonly WantedHost[], fallback: Distribution): string {
  return hosts
    .map(({ name, distribution }) => (distribution === fallback ? name : `${name}=${distribution}`))
    .join(',');
}
