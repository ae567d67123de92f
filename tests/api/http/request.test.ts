import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../../src/api/http/request.ts';

describe('the address that limits count by', () => {
  it('is what the front saw', () => {
    expect(addressOf(requestFrom('10.0.0.7'))).toBe('10.0.0.7');
  });

  it('is one name for all clients of the socket itself, which have none', () => {
    expect(addressOf(requestFrom(''))).toBe('socket');
  });
});

function requestFrom(ip: string): FastifyRequest {
  return Object.create({ ip });
}
