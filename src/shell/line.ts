import { Secret } from '../core/secret.ts';

/** A command line for a POSIX shell. `.text` runs; `.shown` is for people and journals, with secrets masked. */
export interface Shell {
  readonly text: string;
  readonly shown: string;
  readonly hasSecret: boolean;
  /** What must not come back in its output. */
  readonly secrets: readonly Secret[];
}

/** A value in a line: each becomes exactly one word, but a Shell, which is put in as it is, and a list, one word each. */
export type Word = string | number | Secret | Shell | readonly (string | number | Secret)[];

/** The only way to make a Shell: sh`mysql -u ${user}`. What comes from a value can never add a word or an operator. */
export function sh(parts: TemplateStringsArray, ...words: readonly Word[]): Shell {
  let text = parts[0] ?? '';
  let shown = text;
  const secrets: Secret[] = [];
  words.forEach((word, index) => {
    const rendered = notADescriptor(render(word), parts[index + 1] ?? '');
    text += rendered.text + (parts[index + 1] ?? '');
    shown += rendered.shown + (parts[index + 1] ?? '');
    secrets.push(...rendered.secrets);
  });
  return { text, shown, hasSecret: secrets.length > 0, secrets };
}

function render(word: Word): Shell {
  if (word instanceof Secret)
    return { text: quoted(word.reveal()), shown: word.toString(), hasSecret: true, secrets: [word] };
  if (typeof word === 'string') return plain(quoted(word));
  if (typeof word === 'number') return plain(quoted(String(word)));
  if (isShell(word)) return word;
  const rendered = word.map(render);
  return {
    text: rendered.map((each) => each.text).join(' '),
    shown: rendered.map((each) => each.shown).join(' '),
    hasSecret: rendered.some((each) => each.hasSecret),
    secrets: rendered.flatMap((each) => each.secrets),
  };
}

/** A number that touches `<` or `>` would name a file descriptor (POSIX 2.7), not be a word. */
function notADescriptor(word: Shell, next: string): Shell {
  return /^[<>]/.test(next) && /^[0-9]+$/.test(word.text) ? plain(`'${word.text}'`) : word;
}

function isShell(word: Shell | readonly unknown[]): word is Shell {
  return 'hasSecret' in word;
}

function plain(text: string): Shell {
  return { text, shown: text, hasSecret: false, secrets: [] };
}

/** Safe characters stay bare for readability; the rest goes into single quotes (POSIX 2.2.2). */
function quoted(value: string): string {
  if (value.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(value) && !hasMeaning(value)) return value;
  return `'${value.replaceAll("'", `'\\''`)}'`;
}

const RESERVED_WORDS = 'case do done elif else esac fi for if in then until while'.split(' ');

/** Safe characters that a shell reads as more than a word where a command begins: `A=1`, `if`. */
function hasMeaning(value: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*=/.test(value) || RESERVED_WORDS.includes(value);
}
