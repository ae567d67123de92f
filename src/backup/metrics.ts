import type { StoreStatus } from './status.ts';

/** What is told of the backups of one environment, at one moment. Epoch milliseconds. */
export interface BackupFigures {
  readonly environment: string;
  readonly nowMs: number;
  readonly stores: readonly StoreStatus[];
  /** Whether the newest backup is three copies on two media with one off-site. */
  readonly is321: boolean;
  /** Null while nothing was restored to test it. */
  readonly restoreTest: { readonly passed: boolean; readonly atMs: number } | null;
}

interface Sample {
  readonly store?: string;
  readonly value: number;
}

interface Gauge {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/**
 * Pure. Prometheus' text format. Moments rather than ages: they stay true while nobody looks, so `time() - …` grows on when
 * backups stop. What is not known has no sample.
 */
export function backupMetrics(figures: BackupFigures): string {
  return gaugesOf(figures)
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, samples }) => {
      const metric = `ompay_${name}`;
      const lines = samples.map(({ store, value }) => {
        const of = store === undefined ? '' : `,store="${store}"`;
        return `${metric}{environment="${figures.environment}"${of}} ${value}\n`;
      });
      return `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${lines.join('')}`;
    })
    .join('');
}

function gaugesOf({ nowMs, stores, is321, restoreTest }: BackupFigures): readonly Gauge[] {
  const perStore = (value: (status: StoreStatus) => number | null): readonly Sample[] =>
    stores.flatMap((status) => {
      const seen = value(status);
      return seen === null ? [] : [{ store: status.store, value: seen }];
    });
  const known = stores.flatMap(({ rpoMs }) => (rpoMs === null ? [] : [rpoMs]));
  return [
    {
      name: 'backup_newest_timestamp_seconds',
      help: 'When the newest good copy there began: what was committed since is not in it.',
      samples: perStore(({ rpoMs }) => (rpoMs === null ? null : seconds(nowMs - rpoMs))),
    },
    {
      name: 'backup_read_back_timestamp_seconds',
      help: 'When the newest good copy there was last read back whole.',
      samples: perStore(({ verifiedAt }) => (verifiedAt === null ? null : seconds(Date.parse(verifiedAt)))),
    },
    {
      name: 'backup_copies',
      help: 'Copies there, damaged ones too.',
      samples: perStore(({ backups }) => backups),
    },
    {
      name: 'backup_damaged_copies',
      help: 'Copies there that are not what was published.',
      samples: perStore(({ damaged }) => damaged.length),
    },
    {
      name: 'backup_missing_copies',
      help: 'Backups that other stores have and this one has not.',
      samples: perStore(({ missing }) => missing.length),
    },
    {
      name: 'backup_store_readable',
      help: '1 while the store can be read.',
      samples: perStore(({ problem }) => (problem === null ? 1 : 0)),
    },
    {
      name: 'backup_rpo_seconds',
      help: 'How much would be lost now, from the store that has the newest, at the moment of the look.',
      samples: known.length === 0 ? [] : [{ value: seconds(Math.min(...known)) }],
    },
    {
      name: 'backup_3_2_1',
      help: '1 while the newest backup is three copies on two media with one off-site.',
      samples: [{ value: is321 ? 1 : 0 }],
    },
    {
      name: 'restore_test_passed',
      help: '1 when the newest restore test passed.',
      samples: restoreTest === null ? [] : [{ value: restoreTest.passed ? 1 : 0 }],
    },
    {
      name: 'restore_test_timestamp_seconds',
      help: 'When the newest restore test was made.',
      samples: restoreTest === null ? [] : [{ value: seconds(restoreTest.atMs) }],
    },
    {
      name: 'backup_status_timestamp_seconds',
      help: 'When this was looked at.',
      samples: [{ value: seconds(nowMs) }],
    },
  ];
}

function seconds(ms: number): number {
  return ms / 1000;
}
