import { Gauge, type Registry } from 'prom-client';
import type { RedisState } from '../redis/link.ts';

export function showRedis(registry: Registry, stateOf: () => RedisState): void {
  new Gauge({
    name: 'ompay_redis_state',
    help: 'Always 1; the label tells how Redis is: ok, away, or unused.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      this.set({ state: stateOf() }, 1);
    },
  });
}
