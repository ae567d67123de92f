import type { KindCases } from '../sources.ts';

const probe = { changelog: 'CHANGELOG.md' };
const WELL = { 'docs/page.md': 'page\n', 'CHANGELOG.md': '# Changelog\n\n## 1.2.3\n\n- more\n' };

function seen(texts: Readonly<Record<string, string>>) {
  return { text: async (path: string) => texts[path] };
}

export const cases: KindCases = {
  kind: 'docs-fresh',
  pass: [{ title: 'as the code makes them', probe, sources: seen(WELL), says: 'tells of 1.2.3' }],
  fail: [
    {
      title: 'a page is stale by one byte',
      probe,
      sources: seen({ ...WELL, 'docs/page.md': 'page' }),
      says: 'stale: docs/page.md',
    },
    {
      title: 'the changelog is silent',
      probe,
      sources: seen({ ...WELL, 'CHANGELOG.md': '## 1.2.30\n' }),
      says: 'no heading 1.2.3',
    },
  ],
  unknown: [
    { title: 'a bare program', probe, sources: {}, says: 'not in this folder: docs/page.md, CHANGELOG.md' },
  ],
};
