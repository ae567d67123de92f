import { describe, expect, it } from 'vitest';
import { readableLine } from '../../src/cli/render-log.ts';

describe('a line of a log', () => {
  it('reads as time, level, message and the rest when it is JSON', () => {
    const line = JSON.stringify({
      'log.level': 'info',
      '@timestamp': '1970-01-01T00:00:00.000Z',
      'ecs.version': '8.11.0',
      'service.name': 'ompay-api',
      'process.pid': 7,
      'http.response.status_code': 200,
      'event.duration': 12_345_678,
      'ompay.route': '/health',
      message: 'answered',
    });
    expect(readableLine(line)).toBe(
      '1970-01-01T00:00:00.000Z INFO  answered http.response.status_code=200 event.duration=12.3ms ompay.route=/health',
    );
  });

  it('shows errors as errors, with their stack on lines of its own', () => {
    const line = JSON.stringify({
      'log.level': 'fatal',
      '@timestamp': '1970-01-01T00:00:00.000Z',
      message: 'broken',
      'error.stack_trace': 'Error: x\n    at y',
    });
    expect(readableLine(line)).toMatch(/ERROR broken\nError: x\n {4}at y$/);
  });

  it('of a release from before the schema reads the same', () => {
    const line = JSON.stringify({ level: 40, time: 0, pid: 7, msg: 'slow', route: '/health' });
    expect(readableLine(line)).toBe('1970-01-01T00:00:00.000Z WARN  slow route=/health');
  });

  it('stays as it is when it is anything else', () => {
    for (const line of ['', 'plain words', '{"not": "a log"}', '{broken'])
      expect(readableLine(line)).toBe(line);
  });
});
