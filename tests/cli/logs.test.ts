import { describe, expect, it } from 'vitest';
import { readableLine } from '../../src/cli/logs.ts';

describe('a line of a log', () => {
  it('reads as time, level, message and the rest when it is JSON', () => {
    const line = JSON.stringify({
      level: 30,
      time: 0,
      pid: 7,
      msg: 'answered',
      status: 200,
      route: '/health',
    });
    expect(readableLine(line)).toBe('1970-01-01T00:00:00.000Z INFO  answered status=200 route=/health');
  });

  it('shows errors as errors', () => {
    expect(readableLine(JSON.stringify({ level: 50, time: 0, msg: 'broken' }))).toContain('ERROR broken');
  });

  it('stays as it is when it is anything else', () => {
    for (const line of ['', 'plain words', '{"not": "a log"}', '{broken'])
      expect(readableLine(line)).toBe(line);
  });
});
