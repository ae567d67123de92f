import type { RunEvent } from '../../src/plan/event.ts';
import type { JsonObject } from '../../src/plan/plan.ts';

export function checkEvidence(data: JsonObject): { readonly event: RunEvent } {
  return { event: { type: 'evidence', plan: 'checks', step: 'pre-deploy', kind: 'check', data } };
}

export const CHECKS: readonly { readonly event: RunEvent }[] = [
  checkEvidence({
    checklist: 'pre-deploy',
    check: 'tests-pass',
    title: { fr: 'Tests unitaires et d’intégration passent', en: 'Unit and integration tests pass' },
    severity: 'block',
    verdict: { kind: 'pass', observed: '1,204 passed, coverage 100 %' },
  }),
  checkEvidence({
    checklist: 'pre-deploy',
    check: 'rollback-rehearsed',
    title: { fr: 'Retour arrière répété en préproduction', en: 'Rollback rehearsed in staging' },
    severity: 'block',
    verdict: { kind: 'pass', by: 'Mame Diarra', reason: 'répété le 20 novembre, 41 s' },
  }),
  checkEvidence({
    checklist: 'pre-deploy',
    check: 'alert-rules',
    title: { fr: 'Règles d’alerte en place', en: 'Alert rules present' },
    severity: 'warn',
    verdict: {
      kind: 'unknown',
      why: 'no Prometheus here',
      hint: 'ompay check sign alert-rules --by NAME --reason TEXT',
    },
  }),
  checkEvidence({
    checklist: 'pre-deploy',
    check: 'dependency-audit',
    title: { fr: 'Audit des dépendances', en: 'Dependency audit' },
    severity: 'block',
    verdict: {
      kind: 'waived',
      by: 'Ousmane Sy',
      reason: 'correctif attendu le 2 décembre',
      until: '2026-12-05',
    },
  }),
  checkEvidence({
    checklist: 'post-deploy',
    check: 'latency-compared',
    title: { fr: 'Latence comparée à l’ancienne version', en: 'Latency compared with the old release' },
    severity: 'block',
    verdict: { kind: 'fail', observed: 'P95 41 ms', expected: 'at most 24 ms', hint: 'ompay logs' },
  }),
];
