import { contentHash, RELEASE_ID_LENGTH } from '../../core/release-manifest.ts';
import { AGENT_FILE } from '../../core/server-layout.ts';
import { bundle } from '../bundle.ts';
import type { AgentProgram, Runtime } from './types.ts';

/** Bundles the program for servers from this source, in memory. */
export async function buildAgent(programRoot: string, runtime: Runtime): Promise<AgentProgram> {
  const file = await bundle({ root: programRoot, entry: 'src/agent/agent-main.ts', output: AGENT_FILE });
  const digest = contentHash([file], `runtime ${runtime.platform} ${runtime.sha256}`);
  return { id: digest.slice(0, RELEASE_ID_LENGTH), file, runtimeSha256: runtime.sha256 };
}
