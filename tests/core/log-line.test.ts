import { expect, test } from 'vitest';
import { readLogLine } from '../../src/core/log-line.ts';

test("a line in the schema's fields is read, without what every line says", () => {
  const line = {
    'log.level': 'error',
    '@timestamp': '2026-11-22T10:00:00.000Z',
    'ecs.version': '8.11.0',
    'service.version': 'r1',
    'event.dataset': 'ompay.api',
    'process.pid': 7,
    'error.message': 'no row',
    'ompay.route': '/health',
    message: 'broken',
  };
  expect(readLogLine(JSON.stringify(line))).toEqual({
    timeMs: Date.UTC(2026, 10, 22, 10),
    severity: 'error',
    message: 'broken',
    error: 'no row',
    fields: { 'error.message': 'no row', 'ompay.route': '/health' },
  });
});

test.each([
  ['trace', 'info'],
  ['info', 'info'],
  ['warn', 'warn'],
  ['error', 'error'],
  ['fatal', 'error'],
] as const)('level %s is %s', (level, severity) => {
  expect(readLogLine(JSON.stringify({ 'log.level': level, message: 'x' }))?.severity).toBe(severity);
});

test.each([
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'error'],
] as const)("a line with pino's own names and level %s is %s", (level, severity) => {
  const line = { level, time: 5, pid: 1, msg: 'x', err: { message: 'why' } };
  expect(readLogLine(JSON.stringify(line))).toEqual({
    timeMs: 5,
    severity,
    message: 'x',
    error: 'why',
    fields: { err: { message: 'why' } },
  });
});

test.each(['', 'words', '{"message": "cut', '{}', '[1]', '{"a":1}'])('%j is no such line', (line) => {
  expect(readLogLine(line)).toBeUndefined();
});
