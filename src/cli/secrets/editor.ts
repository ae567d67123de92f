import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { writeFileAtomic } from '../../core/files.ts';
import { Secret } from '../../core/secret.ts';
import { memoryFolder, temporaryFolder } from '../../core/unfinished.ts';

type Variables = Readonly<Record<string, string | undefined>>;

export interface EditedFile {
  readonly name: string;
  /** Of the process: which editor, and what it inherits. */
  readonly variables: Variables;
  readonly signal: AbortSignal;
}

/**
 * What the operator made of the text. The file is 0600 in a folder of this process alone, in memory where there is such a
 * folder; it is gone when this returns or throws, and swept by the next command when this one was killed.
 */
export async function editText(text: Secret, file: EditedFile): Promise<Secret> {
  const folder = temporaryFolder('secrets', memoryFolder());
  const path = join(folder, file.name);
  try {
    writeFileAtomic(path, text.reveal(), 0o600);
    await runEditor(path, file);
    return new Secret(readFileSync(path, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ENDING = ['SIGTERM', 'SIGHUP'] as const;

/** Ctrl-C at the terminal is the editor's own affair, as in git; SIGTERM and SIGHUP end it. */
async function runEditor(path: string, { variables, signal }: EditedFile): Promise<void> {
  const editor = variables.VISUAL || variables.EDITOR || 'vi';
  const { OMPAY_AGE_IDENTITY: _key, ...others } = variables;
  // $EDITOR may hold arguments, so a shell reads it, as git does; the path is one word whatever is in it. The shell becomes
  // the editor, so that what ends the one ends the other.
  const child = spawn('/bin/sh', ['-c', 'eval "exec $0 \\"\\$1\\""', editor, path], {
    stdio: 'inherit',
    env: others,
  });
  const stop = (): void => {
    child.kill('SIGTERM');
  };
  for (const name of ENDING) process.on(name, stop);
  try {
    const ended = await new Promise<number | string>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, killer) => resolve(code ?? killer ?? 'unknown'));
    });
    if (ended !== 0) signal.throwIfAborted();
    if (ended !== 0) throw failed(editor, `it ended with ${ended}`);
  } catch (error) {
    throw error instanceof OmpayError ? error : failed(editor, messageOf(error));
  } finally {
    for (const name of ENDING) process.off(name, stop);
  }
}

function failed(editor: string, what: string): OmpayError {
  return new OmpayError('usage', `the editor ${editor} failed: ${what}`, {
    hint: 'nothing was written; choose an editor by EDITOR=nano',
  });
}
