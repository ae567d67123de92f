import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { messageOf, OmpayError } from '../core/errors.ts';

/** CommonJS packages inside the bundle call `require` for Node's own modules; ESM has none by itself. */
const REQUIRE_BANNER =
  "import { createRequire as ompayRequire } from 'node:module';\nconst require = ompayRequire(import.meta.url);";

export interface Bundle extends BundledFile {
  /** Paths from the root of every source that is in it; those of packages hold `node_modules/`. */
  readonly inputs: readonly string[];
}

export interface BundledFile {
  readonly path: string;
  readonly content: Uint8Array;
  readonly sha256: string;
}

/**
 * Bundles one entry to one ESM file, in memory. The same source gives the same bytes: no time, no absolute path.
 * Throws `configInvalid` naming the file and line when the source does not compile.
 */
export async function bundle(source: {
  readonly root: string;
  readonly entry: string;
  readonly output: string;
}): Promise<Bundle> {
  const { build } = await import('esbuild');
  try {
    const result = await build({
      absWorkingDir: source.root,
      entryPoints: [join(source.root, source.entry)],
      outfile: source.output,
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      banner: { js: REQUIRE_BANNER },
      // Optional native speed-ups that pg and mysql2 probe for; both fall back on their own.
      external: ['pg-native', 'pg-cloudflare'],
      keepNames: true,
      legalComments: 'none',
      logLevel: 'silent',
    });
    const file = result.outputFiles[0];
    if (file === undefined) throw new TypeError('esbuild gave no file');
    const [output] = Object.values(result.metafile.outputs);
    return {
      path: basename(source.output),
      content: file.contents,
      sha256: sha256(file.contents),
      inputs: inputsOf(output?.inputs ?? {}),
    };
  } catch (error) {
    throw new OmpayError('configInvalid', `${source.entry} does not build: ${messageOf(error)}`, {
      hint: 'mend the source, then: npm run check',
      cause: error,
    });
  }
}

export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What tree shaking left nothing of is not in it. */
function inputsOf(inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>): readonly string[] {
  return Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : []));
}
