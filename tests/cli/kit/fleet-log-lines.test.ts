import { expect, test } from 'vitest';
import { logLine, readHostLine, sinceMsOf } from '../../../src/cli/kit/fleet-log-lines.ts';
import { lineOrder } from '../../../src/cli/kit/line-order.ts';
import { ompayErrorOf } from '../../fixtures/thrown.ts';

const CHOICES = { source: 'slot', lines: 20, sinceMs: undefined, follows: true } as const;
const line = (host: string, timeMs: number) => ({ host, by: 'x', timeMs, text: 'text', cursor: undefined });

test('a line of the journal tells its time, unit and where to go on', () => {
  const entry = {
    __CURSOR: 's=1;i=2',
    __REALTIME_TIMESTAMP: '1700000000123456',
    _SYSTEMD_UNIT: 'ompay-api@blue.service',
    MESSAGE: 'started',
  };
  expect(readHostLine('web1', 'slot', JSON.stringify(entry), 0)).toEqual({
    host: 'web1',
    by: 'ompay-api@blue',
    timeMs: 1_700_000_000_123.456,
    text: 'started',
    cursor: 's=1;i=2',
  });
  const bytes = { ...entry, MESSAGE: [104, 195, 169], _SYSTEMD_UNIT: undefined };
  expect(readHostLine('web1', 'system', JSON.stringify(bytes), 0)).toMatchObject({
    text: 'hé',
    by: 'kernel',
  });
});

test("the API's and nginx's own lines tell their time, and others get that of their coming", () => {
  const timeMs = Date.parse('2026-11-23T04:05:06Z');
  const api = '{"@timestamp":"2026-11-23T04:05:06.000Z","message":"answered"}';
  expect(readHostLine('web1', 'slot', api, 0)).toMatchObject({ timeMs, by: 'ompay-api', text: api });
  expect(readHostLine('web1', 'nginx', '2026/11/23 04:05:06 [error] 1#1: x', 0)).toMatchObject({ timeMs });
  expect(readHostLine('web1', 'nginx', 'words', 7)).toMatchObject({ timeMs: 7, by: 'nginx' });
});

test('after a loss the journal goes on after the last line that was seen, and files from now on', () => {
  expect(logLine(CHOICES, undefined).text).toContain("'--unit=ompay-*' --lines=20 --follow");
  const resumed = logLine(CHOICES, { cursor: 's=1' }).text;
  expect(resumed).toContain('--after-cursor=s=1 --follow');
  expect(resumed).toContain('tail -q -n 0 -F');
});

test('lines of several hosts are told in the order of their times', () => {
  const order = lineOrder(1_000_000);
  order.push(line('web2', 30), 1);
  order.push(line('web1', 10), 2);
  order.push(line('web1', 20), 9);
  expect(order.takeArrived(5).map(({ timeMs }) => timeMs)).toEqual([10, 30]);
  expect(order.takeArrived(9).map(({ timeMs }) => timeMs)).toEqual([20]);
  expect(order.takeArrived(9)).toEqual([]);
});

test('what is held is bounded: the earliest half is told at once', () => {
  const order = lineOrder(1000);
  const told = [5, 4, 3, 2, 1].flatMap((timeMs) => order.push(line('web1', timeMs), 0));
  expect(told.map(({ timeMs }) => timeMs)).toEqual([1, 2, 3]);
  expect(order.takeArrived(0).map(({ timeMs }) => timeMs)).toEqual([4, 5]);
});

test('--since is an age or a time that has been', async () => {
  expect(sinceMsOf('30m', 10_000_000)).toBe(8_200_000);
  expect(sinceMsOf('1970-01-01T00:00:01Z', 10_000)).toBe(1000);
  for (const text of ['soon', '2h30', '2999-01-01']) {
    expect(await ompayErrorOf(async () => sinceMsOf(text, 10_000))).toMatchObject({ code: 'usage' });
  }
});
