import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = new URL('../..', import.meta.url).pathname;
const PARTS = ['bin', 'src', 'templates', 'checklists', 'package.json', 'tsconfig.json'];

/** A copy of this program whose source gives another release. */
export interface Program {
  readonly path: string;
  remove(): void;
}

export function programOf(variant: string): Program {
  const folder = mkdtempSync(join(tmpdir(), 'ompay-fleet-'));
  for (const part of PARTS) cpSync(join(ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const entry = join(folder, 'src/api/main.ts');
  writeFileSync(
    entry,
    `${readFileSync(entry, 'utf8')}\nexport const VARIANT = ${JSON.stringify(variant)};\n`,
  );
  return { path: join(folder, 'bin/ompay'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What a run said, as far as this looks at it. */
export interface Said {
  readonly type: string;
  readonly step: string;
}

export interface Ended {
  readonly exitCode: number | null;
  readonly events: readonly Said[];
  readonly summary: string;
  readonly tookMs: number;
}

/** Runs a command; `onEvent` is called at each line of its journal, and may end it by what it is given. */
export async function run(
  program: string,
  args: readonly string[],
  onEvent: (event: Said, index: number, kill: () => void) => void = () => {},
): Promise<Ended> {
  const startedMs = performance.now();
  const child = spawn(program, [...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const events: Said[] = [];
  const tail: string[] = [];
  let summary = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail.push(text);
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const event = eventIn(line);
    if (event === undefined) return;
    events.push(event);
    if (event.type === 'run-done') summary = /"summary":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? '';
    onEvent(event, events.length, () => child.kill('SIGKILL'));
  });
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    exitCode,
    events,
    summary: summary === '' ? tail.join('').slice(-300) : summary,
    tookMs: performance.now() - startedMs,
  };
}

function eventIn(line: string): Said | undefined {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
    return { type: String(value.type), step: 'step' in value ? String(value.step) : '' };
  } catch {
    return undefined;
  }
}
