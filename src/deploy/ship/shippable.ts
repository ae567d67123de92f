import { isoTime } from '../../core/clock.ts';
import type { Layout } from '../../core/layout.ts';
import {
  FORMAT,
  MANIFEST_FILE,
  RELEASE_ID_LENGTH,
  type ReleaseManifest,
  releaseDigest,
  SIGNATURE_FILE,
} from '../../core/release-manifest.ts';
import type { Host } from '../../host/host.ts';
import { type BundledFile, bundle, sha256 } from '../bundle.ts';
import { API_BUNDLE, CONTRACT_BUNDLE, commitOf } from '../handlers/release.ts';
import { buildAgent } from './agent-program.ts';
import { billOfMaterials, bundledPackages } from './bill-of-materials.ts';
import { runtimeHere } from './runtime.ts';
import { openSigningKey, type SigningKey } from './signing.ts';
import type { Runtime, Shippable } from './types.ts';

/** The program for operators on a server: migrations, proofs, probes; beside the API, with the same environment. */
export const OPS_BUNDLE = 'ops.mjs';
export const BILL_OF_MATERIALS = 'sbom.cdx.json';

const ENTRIES = [
  { entry: 'src/api/main.ts', output: API_BUNDLE },
  { entry: 'src/api/ops-main.ts', output: OPS_BUNDLE },
  { entry: 'src/contract/contract-main.ts', output: CONTRACT_BUNDLE },
] as const;

export interface ShippableKit {
  readonly layout: Layout;
  readonly programRoot: string;
  readonly version: string;
  /** The newest migration in this source. */
  readonly newestMigration: string;
}

/**
 * Builds a release for servers in memory and signs it. The same source and runtime give the same id and the same files, but
 * for the time in the manifest. Throws `configInvalid` when the source does not build or the key cannot be used.
 * @param host this machine, which is asked for the commit.
 */
export async function buildShippable(kit: ShippableKit, host: Host, nowMs: number): Promise<Shippable> {
  const key = openSigningKey(kit.layout);
  const runtime = await runtimeHere();
  const [contents, commit, agent] = await Promise.all([
    contentsOf(kit, runtime),
    commitOf(kit.programRoot, host),
    buildAgent(kit.programRoot, runtime),
  ]);
  const manifest = manifestOf({ ...kit, contents, runtime, commit, builtAt: isoTime(nowMs) });
  return { manifest, files: [...contents, ...signed(manifest, key)], runtime, agent };
}

async function contentsOf(kit: ShippableKit, runtime: Runtime): Promise<readonly BundledFile[]> {
  const { programRoot: root, version } = kit;
  const bundles = await Promise.all(ENTRIES.map(({ entry, output }) => bundle({ root, entry, output })));
  const packages = bundledPackages(
    bundles.flatMap(({ inputs }) => inputs),
    root,
  );
  const bill = textFile(BILL_OF_MATERIALS, billOfMaterials({ version, packages, runtime }));
  return [...bundles.map(({ path, content, sha256 }) => ({ path, content, sha256 })), bill];
}

function manifestOf(
  parts: Pick<ShippableKit, 'version' | 'newestMigration'> & {
    readonly contents: readonly BundledFile[];
    readonly runtime: Runtime;
    readonly commit: string | null;
    readonly builtAt: string;
  },
): ReleaseManifest {
  const { sha256, platform, version: node } = parts.runtime;
  const files = parts.contents.map(({ path, content, sha256 }) => ({
    path,
    sha256,
    sizeBytes: content.length,
  }));
  const runtime = { sha256, platform };
  const digest = releaseDigest({ files, runtime });
  return {
    format: FORMAT,
    id: digest.slice(0, RELEASE_ID_LENGTH),
    version: parts.version,
    sha256: digest,
    builtAt: parts.builtAt,
    commit: parts.commit,
    node,
    newestMigration: parts.newestMigration,
    files,
    runtime,
  };
}

function signed(manifest: ReleaseManifest, key: SigningKey): readonly BundledFile[] {
  const file = textFile(MANIFEST_FILE, `${JSON.stringify(manifest, null, 2)}\n`);
  const signature = key.sign(file.content);
  return [file, { path: SIGNATURE_FILE, content: signature, sha256: sha256(signature) }];
}

function textFile(path: string, text: string): BundledFile {
  const content = Buffer.from(text);
  return { path, content, sha256: sha256(content) };
}
