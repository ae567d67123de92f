import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

/** npm's severities, least first (docs.npmjs.com, npm audit). */
const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical'] as const;
const HOUR_MS = 3_600_000;

interface Fields {
  readonly maxAgeHours: number;
  /** The least severity that fails. */
  readonly failFrom: (typeof SEVERITIES)[number];
}

/** Known vulnerabilities of the packages that run in production. */
export const dependencyAudit = defineKind<Fields>({
  kind: 'dependency-audit',
  schema: {
    maxAgeHours: { type: 'number', exclusiveMinimum: 0, maximum: 720 },
    failFrom: { type: 'string', enum: [...SEVERITIES] },
  },
  timeoutMs: 30_000,
  look: async ({ maxAgeHours, failFrom }, sources, { signal }) => {
    const audit = await sources.audit(maxAgeHours * HOUR_MS, signal);
    if (audit === undefined)
      return unknown(
        `no audit of these packages in the last ${maxAgeHours} h, and a deploy asks no registry`,
        'ompay check run pre-deploy',
      );
    const counts = SEVERITIES.map((severity) => ({ severity, count: audit.vulnerabilities[severity] ?? 0 }));
    const found = counts
      .filter(({ count }) => count > 0)
      .map(({ severity, count }) => `${count} ${severity}`);
    const observed = `${found.join(', ') || 'no known vulnerability'} in ${audit.packages} packages (${audit.at})`;
    const grave = counts.slice(SEVERITIES.indexOf(failFrom)).some(({ count }) => count > 0);
    if (grave) return fail(observed, `none from ${failFrom} on`, 'npm audit --omit=dev');
    return pass(observed);
  },
});
