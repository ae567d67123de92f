import type { KindCases } from '../sources.ts';

const probe = { file: 'alerts.yml', alerts: [{ alert: 'QueueLong', above: 1000 }] };

function seen(...rules: readonly string[]) {
  return { text: async () => `groups:\n  - name: g\n    rules:\n${rules.join('')}` };
}

function rule(alert: string, expr: string, exporter = ''): string {
  const labels = exporter === '' ? '' : `        labels: { exporter: ${exporter} }\n`;
  return `      - alert: ${alert}\n        expr: ${expr}\n${labels}`;
}

const GOOD = rule('QueueLong', 'max(ompay_outbox_waiting) > 1000');

export const cases: KindCases = {
  kind: 'alert-rules',
  pass: [
    { title: 'with its threshold', probe, sources: seen(GOOD), says: 'QueueLong are in alerts.yml' },
    {
      title: "beside one with an exporter's metrics",
      probe,
      sources: seen(GOOD, rule('Disk', 'node_avail < 0.1', 'node_exporter')),
      says: 'QueueLong',
    },
    {
      title: 'a threshold from below',
      probe: { file: 'alerts.yml', alerts: [{ alert: 'Disk', below: 0.1 }] },
      sources: seen(rule('Disk', 'node_avail < 0.1', 'node_exporter')),
      says: 'Disk',
    },
  ],
  fail: [
    {
      title: 'missing',
      probe,
      sources: seen(rule('Other', 'ompay_outbox_waiting > 1')),
      says: 'QueueLong is missing',
    },
    {
      title: 'another threshold',
      probe,
      sources: seen(rule('QueueLong', 'ompay_outbox_waiting > 10000')),
      says: 'does not end with > 1000',
    },
    {
      title: 'the wrong way round',
      probe,
      sources: seen(rule('QueueLong', 'ompay_outbox_waiting < 1000')),
      says: 'does not end with > 1000',
    },
    {
      title: 'one of two of that name is wrong',
      probe,
      sources: seen(GOOD, rule('QueueLong', 'ompay_outbox_waiting > 5')),
      says: 'does not end with > 1000',
    },
    {
      title: 'a metric that does not exist never fires',
      probe,
      sources: seen(rule('QueueLong', 'ompay_queue_size > 1000')),
      says: 'names ompay_queue_size, which /metrics has not',
    },
    {
      title: 'no metric at all',
      probe,
      sources: seen(rule('QueueLong', 'vector(1) > 1000')),
      says: 'names no metric of the API',
    },
    { title: 'not YAML', probe, sources: { text: async () => 'groups: [' }, says: 'line 1' },
    {
      title: 'no rules in it',
      probe,
      sources: { text: async () => 'groups: 7' },
      says: 'QueueLong is missing',
    },
  ],
  unknown: [{ title: 'no file', probe, sources: {}, says: 'alerts.yml is not in this folder' }],
};
