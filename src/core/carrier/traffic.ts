import type { JsonReader } from '../json.ts';

/** What a slot's process counted since its start; buckets as in Prometheus, but not cumulative. */
export interface SlotTraffic {
  readonly requests: number;
  /** 5xx answers. */
  readonly failed: number;
  /** Upper bounds, milliseconds, rising; one count more than bounds. */
  readonly boundsMs: readonly number[];
  readonly counts: readonly number[];
}

/** Our own requests of one second on one host. */
export interface HostProbes {
  readonly sent: number;
  readonly wrong: number;
  /** Wrong ones at the end, one after the other. */
  readonly wrongInRow: number;
  /** In the buckets of core/latency.ts. */
  readonly latencies: readonly number[];
  /** The same requests, asked of the old slot; empty when it does not run. */
  readonly control: readonly number[];
}

export function readSlotTraffic(reader: JsonReader): SlotTraffic {
  return {
    requests: reader.whole('requests'),
    failed: reader.whole('failed'),
    boundsMs: numbers(reader, 'boundsMs'),
    counts: numbers(reader, 'counts'),
  };
}

export function writtenSlotTraffic(traffic: SlotTraffic): Readonly<Record<string, unknown>> {
  return { ...traffic, boundsMs: traffic.boundsMs.join(' '), counts: traffic.counts.join(' ') };
}

export function readHostProbes(reader: JsonReader): HostProbes {
  return {
    sent: reader.whole('sent'),
    wrong: reader.whole('wrong'),
    wrongInRow: reader.whole('wrongInRow'),
    latencies: numbers(reader, 'latencies'),
    control: numbers(reader, 'control'),
  };
}

export function writtenHostProbes(probes: HostProbes): Readonly<Record<string, unknown>> {
  return { ...probes, latencies: probes.latencies.join(' '), control: probes.control.join(' ') };
}

function numbers(reader: JsonReader, name: string): readonly number[] {
  const text = reader.text(name);
  return text === '' ? [] : text.split(' ').map(Number);
}
