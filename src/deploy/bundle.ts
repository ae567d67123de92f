import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import { build } from 'esbuild';
import { messageOf, OmpayError } from '../core/errors.ts';

/** CommonJS packages inside the bundle call `require` for Node's own modules; ESM has none by itself. */
const REQUIRE_BANNER =
  "import { createRequire as ompayRequire } from 'node:module';\nconst require = ompayRequire(import.meta.url);";

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
}): Promise<BundledFile> {
  try {
    const result = await build({
      absWorkingDir: source.root,
      entryPoints: [join(source.root, source.entry)],
      outfile: source.output,
      bundle: true,
      write: false,
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
    return { path: basename(source.output), content: file.contents, sha256: sha256(file.contents) };
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

/** The identity of a set of files: names and hashes, in the order of names. */
export function contentHash(
  files: readonly { readonly path: string; readonly sha256: string }[],
  extra: string,
): string {
  const lines = files.map((file) => `${file.sha256}  ${file.path}\n`).sort();
  return sha256(`${extra}\n${lines.join('')}`);
}
