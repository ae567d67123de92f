import { defineKind } from '../kind.ts';
import { findSecrets, type SecretHit } from '../secrets.ts';
import { fail, pass, unknown } from '../types.ts';

const SHOWN = 5;

interface Allowance {
  readonly path: string;
  readonly rule: string;
  /** Why it is no secret. */
  readonly reason: string;
}

interface Fields {
  readonly allow: readonly Allowance[];
}

/** No file of the repository holds what looks like a key, a token or a password. */
export const secretScan = defineKind<Fields>({
  kind: 'secret-scan',
  schema: {
    allow: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          path: { type: 'string', minLength: 1 },
          rule: { type: 'string', minLength: 1 },
          reason: { type: 'string', minLength: 10 },
        },
        required: ['path', 'rule', 'reason'],
        additionalProperties: false,
      },
    },
  },
  look: async ({ allow }, sources) => {
    const texts = await sources.trackedTexts();
    if (texts.length === 0) return unknown('no file of the source is here', 'run it from the repository');
    const hits = findSecrets(texts);
    const bad = hits.filter((hit) => !allow.some((each) => covers(each, hit)));
    const counted = `${texts.length} files, ${hits.length - bad.length} places allowed with a reason`;
    if (bad.length === 0) return pass(`no secret in ${counted}`);
    const shown = bad.slice(0, SHOWN).map(({ path, line, rule }) => `${path}:${line} (${rule})`);
    const more = bad.length > SHOWN ? ` and ${bad.length - SHOWN} more` : '';
    return fail(
      `${shown.join(', ')}${more}`,
      'no secret in the repository',
      'take it out and replace it where it is used; if it is none, allow it in checklists/pre-deploy.yml',
    );
  },
});

function covers({ path, rule }: Allowance, hit: SecretHit): boolean {
  return path === hit.path && rule === hit.rule;
}
