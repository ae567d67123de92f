import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface ProcessMetrics {
  /** The event loop's longest delay of one second. */
  delayed(worstMs: number): void;
  draining(): void;
  /** A log line that could not be written. */
  lineDropped(): void;
  /** An error's way to Sentry. */
  reported(outcome: ReportOutcome): void;
}

export type ReportOutcome = 'sent' | 'failed' | 'dropped';

export function observeProcess(registry: Registry, release: string): ProcessMetrics {
  const registers = [registry];
  const delays = new Histogram({
    name: 'ompay_event_loop_delay_seconds',
    help: 'The longest delay of the event loop in each second.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const draining = new Gauge({
    name: 'ompay_draining',
    help: '1 from the moment that the process was told to stop.',
    registers,
  });
  const droppedLines = new Counter({
    name: 'ompay_log_lines_dropped_total',
    help: 'Log lines that could not be written.',
    registers,
  });
  const reports = new Counter({
    name: 'ompay_error_reports_total',
    help: 'Errors for Sentry: sent, failed on the way, or dropped as they were too many.',
    labelNames: ['outcome'],
    registers,
  });
  new Gauge({
    name: 'ompay_build_info',
    help: 'Always 1; the labels tell what runs.',
    labelNames: ['release', 'node'],
    registers,
  }).set({ release, node: process.version }, 1);
  return {
    delayed: (worstMs) => delays.observe(worstMs / 1000),
    draining: () => draining.set(1),
    lineDropped: () => droppedLines.inc(),
    reported: (outcome) => reports.inc({ outcome }),
  };
}
