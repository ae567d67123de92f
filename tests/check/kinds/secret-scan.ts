import type { KindCases } from '../sources.ts';

/** Put together here, so that this file holds no secret itself. */
const TOKEN = ['ghp', 'A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8'].join('_');
const texts = [
  { path: 'src/a.ts', text: 'export const a = 1;\n' },
  { path: 'deploy.sh', text: `set -e\n\ntoken ${TOKEN}\n` },
];

function seen(count: number) {
  return { trackedTexts: async () => texts.slice(0, count) };
}

export const cases: KindCases = {
  kind: 'secret-scan',
  pass: [
    { title: 'no secret', probe: { allow: [] }, sources: seen(1), says: 'no secret in 1 files' },
    {
      title: 'what is allowed with a reason',
      probe: { allow: [{ path: 'deploy.sh', rule: 'github-token', reason: 'an example of the format' }] },
      sources: seen(2),
      says: '1 places allowed with a reason',
    },
  ],
  fail: [
    { title: 'a token', probe: { allow: [] }, sources: seen(2), says: 'deploy.sh:3 (github-token)' },
    {
      title: 'a token of another kind than is allowed there',
      probe: { allow: [{ path: 'deploy.sh', rule: 'aws-key', reason: 'an example of the format' }] },
      sources: seen(2),
      says: 'deploy.sh:3 (github-token)',
    },
    {
      title: 'many are counted, and five named',
      probe: { allow: [] },
      sources: {
        trackedTexts: async () => Array.from({ length: 7 }, (_, n) => ({ path: `${n}`, text: TOKEN })),
      },
      says: '4:1 (github-token) and 2 more',
    },
  ],
  unknown: [{ title: 'no source', probe: { allow: [] }, sources: {}, says: 'no file of the source' }],
};
