import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sourceFiles, sourceHash } from '../../../check/source-tree.ts';
import type { CheckSources, SourceText } from '../../../check/sources.ts';
import { renderConfigDocument } from '../../../config/document.ts';
import { systemCodeOf } from '../../../core/errors.ts';
import { renderExitCodesDocument } from '../../../core/exit-codes.ts';
import { commitOf } from '../../../deploy/handlers/release.ts';
import type { Host } from '../../../host/host.ts';
import { sh } from '../../../shell/line.ts';
import { once } from '../once.ts';

const GIT_TIMEOUT_MS = 5000;

type SourceAnswers = Pick<CheckSources, 'source' | 'text' | 'trackedTexts' | 'generated' | 'metricNames'>;

/** What the program's own folder says. */
export function sourceTexts(programRoot: string, host: Host): SourceAnswers {
  return {
    source: once(async () => ({
      sha256: sourceHash(programRoot),
      commit: await commitOf(programRoot, host),
    })),
    text: async (path) => textAt(programRoot, path),
    trackedTexts: async () =>
      (await trackedPaths(programRoot, host)).flatMap((path) => {
        const text = textAt(programRoot, path);
        return text === undefined || text.includes('\0') ? [] : [{ path, text }];
      }),
    generated,
    metricNames,
  };
}

/** Undefined when it is missing; a tracked file may have been removed. */
function textAt(programRoot: string, path: string): string | undefined {
  try {
    return readFileSync(join(programRoot, path), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(systemCodeOf(error) ?? '')) return undefined;
    throw error;
  }
}

async function trackedPaths(programRoot: string, host: Host): Promise<readonly string[]> {
  const listed = await host.exec(sh`cd ${programRoot} && git ls-files -z`, { timeoutMs: GIT_TIMEOUT_MS });
  const paths = listed.exitCode === 0 ? listed.stdout.split('\0').filter((path) => path !== '') : [];
  return paths.length > 0 ? paths : sourceFiles(programRoot);
}

/** The API is loaded for it, so only here. */
async function generated(): Promise<readonly SourceText[]> {
  const [{ openApiDocument }, { ROUTES }] = await Promise.all([
    import('../../../api/openapi.ts'),
    import('../../../api/routes/index.ts'),
  ]);
  const openApi = openApiDocument(ROUTES.map(({ operation }) => operation));
  return [
    { path: 'docs/openapi.json', text: `${JSON.stringify(openApi, null, 2)}\n` },
    { path: 'docs/config.md', text: renderConfigDocument() },
    { path: 'docs/exit-codes.md', text: renderExitCodesDocument() },
  ];
}

/** A histogram's samples have the endings that Prometheus gives them. */
async function metricNames(): Promise<readonly string[]> {
  const { createMetrics } = await import('../../../api/metrics.ts');
  const backlog = async () => ({ waiting: 0, oldestMs: 0 });
  const redisState = () => 'unused' as const;
  const { registry } = createMetrics({ release: 'none', poolSize: 0, backlog, redisState });
  return registry
    .getMetricsAsArray()
    .flatMap(({ name }) => [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]);
}
