import type { Kind } from '../kind.ts';
import { alertRules } from './alert-rules.ts';
import { backupData } from './backup-data.ts';
import { backupFresh } from './backup-fresh.ts';
import { benchmark } from './benchmark.ts';
import { dependencyAudit } from './dependency-audit.ts';
import { docsFresh } from './docs-fresh.ts';
import { errorLogs } from './error-logs.ts';
import { evidence } from './evidence.ts';
import { latencyCompared } from './latency-compared.ts';
import { metrics } from './metrics.ts';
import { releaseKept } from './release-kept.ts';
import { releaseSlots } from './release-slots.ts';
import { restoreTest } from './restore-test.ts';
import { rollbackRehearsed } from './rollback-rehearsed.ts';
import { rollbackWorks } from './rollback-works.ts';
import { secretScan } from './secret-scan.ts';
import { smoke } from './smoke.ts';
import { teamTold } from './team-told.ts';

/** Every kind of probe. Adding one is its file and a line here. */
export const KINDS: readonly Kind[] = [
  evidence,
  benchmark,
  dependencyAudit,
  secretScan,
  docsFresh,
  backupFresh,
  releaseSlots,
  smoke,
  alertRules,
  errorLogs,
  metrics,
  latencyCompared,
  teamTold,
  releaseKept,
  rollbackWorks,
  backupData,
  restoreTest,
  rollbackRehearsed,
];
