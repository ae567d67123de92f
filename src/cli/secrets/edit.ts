import type { Command } from 'commander';
import { changeSecrets, readSecrets } from '../../secrets/file.ts';
import { mergeSecrets } from '../../secrets/merge.ts';
import { parseLines, renderSecrets } from '../../secrets/text.ts';
import type { Invocation } from '../command.ts';
import { environmentOption, secretsPlace } from '../kit/environment.ts';
import { editText } from './editor.ts';

export function configure(command: Command): void {
  environmentOption(command);
}

/** All secrets in $VISUAL or $EDITOR (else vi). What others changed meanwhile stays; what both changed is refused. */
export async function run(invocation: Invocation): Promise<number> {
  const { environment: variables, output, signal } = invocation;
  const place = secretsPlace(invocation);
  const { name, recipients } = place.config;
  const { secrets: before } = await readSecrets(place);
  const text = renderSecrets(name, { secrets: before, recipients });
  const edited = parseLines(await editText(text, { name: `${name}.txt`, variables, signal }));
  const names = [...new Set([...before.keys(), ...edited.keys()])];
  const changed = names.filter((each) => before.get(each)?.reveal() !== edited.get(each)?.reveal());
  if (changed.length > 0) await changeSecrets(place, (now) => mergeSecrets({ before, edited, now }));
  output.write(
    output.json
      ? `${JSON.stringify({ environment: name, changed })}\n`
      : changed.length === 0
        ? 'nothing changed\n'
        : `changed: ${changed.join(', ')}; commit secrets/${name}.age\n`,
  );
  return 0;
}
