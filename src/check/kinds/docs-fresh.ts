import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

interface Fields {
  readonly changelog: string;
}

/** The pages made from the code are what the code makes now, and the changelog tells of this version. */
export const docsFresh = defineKind<Fields>({
  kind: 'docs-fresh',
  schema: { changelog: { type: 'string', minLength: 1 } },
  look: async ({ changelog }, sources) => {
    const pages = await Promise.all(
      (await sources.generated()).map(async (page) => ({ ...page, written: await sources.text(page.path) })),
    );
    const changes = await sources.text(changelog);
    const absent = pages.filter(({ written }) => written === undefined).map(({ path }) => path);
    if (changes === undefined) absent.push(changelog);
    if (absent.length > 0)
      return unknown(`not in this folder: ${absent.join(', ')}`, 'run it from the whole repository');
    const stale = pages.filter(({ written, text }) => written !== text).map(({ path }) => path);
    if (stale.length > 0)
      return fail(
        `stale: ${stale.join(', ')}`,
        'what the code makes now, byte for byte',
        'npx vitest run tests/core tests/config tests/api/openapi.test.ts -u',
      );
    if (!headings(changes ?? '').includes(sources.version))
      return fail(
        `${changelog} has no heading ${sources.version}`,
        'an entry for this version',
        `write "## ${sources.version}" and what users see change into ${changelog}`,
      );
    return pass(`${pages.length} pages are as the code makes them; ${changelog} tells of ${sources.version}`);
  },
});

/** `## 0.1.0` or `## 0.1.0 (2026-11-22)` */
function headings(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^## (\S+)/gm)].map((match) => match[1] ?? '');
}
