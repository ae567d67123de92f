import { readEvidence } from '../../../check/evidence.ts';
import { type History, type RunSeen, readHistory } from '../../../check/history.ts';
import type { CheckSources, Slots } from '../../../check/sources.ts';
import { OmpayError } from '../../../core/errors.ts';
import { liveSlot } from '../../../core/slots/live.ts';
import { supervisorClient } from '../../../front/supervisor-client.ts';
import { localHost } from '../../../host/local.ts';
import { journalFiles } from '../../../plan/journal.ts';
import type { CheckKitInput } from '../checks.ts';
import { once } from '../once.ts';
import { auditOf } from './audit.ts';
import { backupSources } from './backups.ts';
import { logTail, teamMessageOf } from './records.ts';
import { releaseSources } from './releases.ts';
import { sourceTexts } from './source.ts';

const METRICS_TIMEOUT_MS = 2000;

/** The answers of the local installation, each asked at most once a list where it costs something. */
export function localCheckSources(input: CheckKitInput & { readonly network: boolean }): CheckSources {
  const { invocation, network, run } = input;
  const { clock, layout, programRoot, version } = invocation;
  const host = localHost();
  const history = once(async (): Promise<History> => readHistory(journalFiles(layout)));
  const currentRun = async (): Promise<RunSeen | undefined> =>
    run === null ? undefined : (await history()).runs.find((each) => each.run === run);
  return {
    network,
    version,
    evidence: async (name) => readEvidence(programRoot, name),
    audit: (maxAgeMs, signal) => auditOf({ programRoot, host, clock, network }, maxAgeMs, signal),
    history,
    currentRun,
    slots: () => slotsOf(invocation),
    metrics: async (signal) => {
      const target = { socketPath: layout.currentSocket };
      const asked = {
        method: 'GET',
        target,
        path: '/metrics',
        timeoutMs: METRICS_TIMEOUT_MS,
        signal,
      } as const;
      return (await host.request(asked)).body;
    },
    logLines: async (slot) => logTail(layout, slot),
    teamMessage: async () => teamMessageOf(layout, run, await history()),
    ...sourceTexts(programRoot, host),
    ...backupSources(invocation),
    ...releaseSources(input, host, currentRun),
  };
}

async function slotsOf({ layout }: CheckKitInput['invocation']): Promise<Slots | undefined> {
  try {
    const { services } = await supervisorClient(layout.supervisorSocket).status();
    const slot = (name: 'blue' | 'green') => {
      const service = services.find((each) => each.name === name);
      return {
        release: service?.spec.environment.APP_RELEASE ?? null,
        pid: service?.pid ?? null,
        restarts: service?.restarts ?? 0,
        sinceMs: service?.sinceMs ?? null,
      };
    };
    return { live: liveSlot(layout), slots: { blue: slot('blue'), green: slot('green') } };
  } catch (error) {
    if (error instanceof OmpayError && error.code === 'hostUnreachable') return undefined;
    throw error;
  }
}
