import type { Command } from 'commander';
import type { VerifyLevel } from '../../backup/look.ts';
import { type CopyVerdict, type VerifyInput, verifyCopies } from '../../backup/verify.ts';
import { messageOf, OmpayError } from '../../core/errors.ts';
import { shownDuration } from '../../core/units.ts';
import type { BackupKind } from '../../store/repository/manifest.ts';
import { hasOption, type Invocation, textOption } from '../command.ts';
import { setAlarm } from '../kit/alarms.ts';
import { BACKUP_KINDS, distinct, listAllKinds, ofKind } from '../kit/backup-kinds.ts';
import { type SiteBackups, withBackups } from '../kit/backup-site.ts';
import { storeNamed } from '../kit/copies.ts';
import { exitCodeOf } from '../kit/copy-failures.ts';
import { environmentOption } from '../kit/environment.ts';
import { withProgress } from '../kit/progress.ts';
import { note } from '../operation.ts';

const LEVELS: readonly VerifyLevel[] = [0, 1, 2, 3, 4];

export function configure(command: Command): void {
  environmentOption(command)
    .argument('[id]', 'a backup (default: latest)')
    .option('--all', 'every backup')
    .option('--from <store>', 'only its copies there')
    .option('--level <n>', '0 exists, 1 hash, 2 decrypts, 3 starts, 4 its ledger is proven', '4');
}

/** Exit 3 when a copy is missing or not what was published. Each look is recorded beside the backups. */
export function run(invocation: Invocation): Promise<number> {
  const { command, output, signal } = invocation;
  const level = levelOf(command);
  const id = idOf(invocation);
  const store = textOption(command, 'from');
  return withBackups(invocation, async (deps) => {
    if (store !== undefined) storeNamed(deps.stores, store);
    const request = { id, level, signal, ...(store === undefined ? {} : { store }) };
    const verdicts = await verifyKinds(withProgress(deps, invocation), request, invocation);
    for (const verdict of verdicts) {
      const { backup, state } = verdict;
      note(invocation, `backup ${backup} in ${verdict.store} to level ${level}: ${state}`, {
        backup,
        level,
        state,
      });
      output.write(output.json ? `${jsonOf(verdict, level)}\n` : shown(verdict, level));
    }
    const bad = verdicts.filter(({ state }) => state !== 'good');
    await alarmOf(invocation, bad, id);
    if (bad.some(({ state }) => state !== 'unknown') && !output.json)
      process.stderr.write('  next: ompay backup heal\n');
    return bad.some(({ state }) => state !== 'unknown') ? 3 : exitCodeOf(bad);
  });
}

/** `latest` is the newest full one; `--all` is all of every kind. */
async function verifyKinds(
  deps: SiteBackups,
  request: VerifyInput,
  invocation: Invocation,
): Promise<readonly CopyVerdict[]> {
  if (request.id === 'latest') return verifyCopies(deps, request);
  const { backups } = await listAllKinds(deps, invocation);
  const kindOf = (id: string): BackupKind =>
    backups.find((backup) => backup.id === id.toUpperCase())?.kind ?? 'full';
  if (request.id !== 'all') return verifyCopies(ofKind(deps, kindOf(request.id), invocation), request);
  const verdicts: CopyVerdict[] = [];
  for (const kind of BACKUP_KINDS)
    verdicts.push(...(await verifyCopies(ofKind(deps, kind, invocation), request)));
  const ofStores = verdicts.filter(({ backup }) => backup === 'all');
  return [...verdicts.filter(({ backup }) => backup !== 'all'), ...distinct(ofStores)];
}

/** That one backup is well says nothing of the others: only a look at all makes it well again. */
async function alarmOf(invocation: Invocation, bad: readonly CopyVerdict[], id: string): Promise<void> {
  const why = bad.map(
    ({ backup, store, state, error }) => `${backup} in ${store}: ${state}: ${messageOf(error)}`,
  );
  if (bad.length > 0) await setAlarm(invocation, 'verify', why.join('\n'));
  else if (id === 'all') await setAlarm(invocation, 'verify', null);
}

function levelOf(command: Command): VerifyLevel {
  const text = textOption(command, 'level');
  const level = LEVELS.find((each) => String(each) === text);
  if (level !== undefined) return level;
  throw new OmpayError('usage', `--level must be 0 to 4, seen ${JSON.stringify(text)}`, {
    hint: 'ompay backup verify --level 4',
  });
}

function idOf({ args, command }: Invocation): string {
  const [id] = args;
  if (!hasOption(command, 'all')) return id ?? 'latest';
  if (id === undefined) return 'all';
  throw new OmpayError('usage', `--all and the backup ${JSON.stringify(id)} are both given`, {
    hint: `ompay backup verify ${id}`,
  });
}

function shown({ backup, store, state, tookMs, error }: CopyVerdict, level: VerifyLevel): string {
  if (state === 'good') return `${backup} in ${store}: good to level ${level} (${shownDuration(tookMs)})\n`;
  return `${backup} in ${store}: ${state.toUpperCase()}: ${messageOf(error)}\n`;
}

function jsonOf({ backup, store, state, tookMs, error }: CopyVerdict, level: VerifyLevel): string {
  const why = state === 'good' ? {} : { error: messageOf(error) };
  return JSON.stringify({ backup, store, level, state, tookMs, ...why });
}
