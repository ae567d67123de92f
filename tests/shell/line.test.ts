import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Secret } from '../../src/core/secret.ts';
import { type Shell, sh } from '../../src/shell/line.ts';

/** What a real /bin/sh makes of a line that prints each of its words followed by a NUL. */
function wordsSeen(line: Shell): string[] {
  const output = execFileSync('/bin/sh', ['-c', line.text]).toString('utf8');
  return output.split('\0').slice(0, -1);
}

const NASTY_WORDS = [
  '',
  ' ',
  "'",
  "''",
  "it's",
  '"',
  '$HOME',
  '$(touch /tmp/never)',
  '`id`',
  ';id',
  '&&',
  '|',
  '>',
  '2>&1',
  '*',
  '?',
  '[a]',
  '~',
  '~root',
  '#no comment',
  '!',
  '\\',
  '\\n',
  'a\nb',
  'a\r\nb',
  '\n',
  '\t',
  '-n',
  '--',
  '{a,b}',
  '(x)',
  'A=1',
  'if',
  'done',
  'é — ☃ 🎉',
  '\u2028',
  '\u0001\u007f',
  '%s',
  '\\0',
];

test('each nasty word arrives at a real shell as exactly one word, unchanged', () => {
  expect(wordsSeen(sh`printf '%s\\0' ${NASTY_WORDS}`)).toEqual(NASTY_WORDS);
});

test('any words at all arrive unchanged, alone and in a list', () => {
  const word = fc.string({ unit: 'binary', maxLength: 40 }).filter((text) => !text.includes('\0'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), word, (list, single) => {
      expect(wordsSeen(sh`printf '%s\\0' ${list} ${single}`)).toEqual([...list, single]);
    }),
    { numRuns: 150 },
  );
});

test('safe words stay bare, so that a plan is readable', () => {
  const line = sh`mysql -u ${'ompay_user'} --port=${3306} -e ${'select 1'} ${'/var/lib/x:1,2'}`;
  expect(line.text).toBe("mysql -u ompay_user --port=3306 -e 'select 1' /var/lib/x:1,2");
});

test('a value where a command begins is a command, never an assignment or a keyword', () => {
  expect(sh`${'PATH=/evil'}`.text).toBe("'PATH=/evil'");
  for (const keyword of 'case do done elif else esac fi for if in then until while'.split(' ')) {
    expect(() => execFileSync('/bin/sh', ['-c', sh`${keyword}`.text], { stdio: 'ignore' })).toThrowError(
      expect.objectContaining({ status: 127 }),
    );
  }
});

test('a number that touches a redirection stays a word', () => {
  expect(wordsSeen(sh`printf '%s\\0' ${2}>&1`)).toEqual(['2']);
  expect(sh`printf %s ${2} >&1`.text).toBe('printf %s 2 >&1');
});

test('a line inside a line keeps its operators, and an empty list adds no word', () => {
  const inner = sh`echo ${'a b'} && true`;
  expect(sh`test -e ${'x;y'} || { ${inner}; }`.text).toBe("test -e 'x;y' || { echo 'a b' && true; }");
  expect(sh`ls ${[]}`.text).toBe('ls ');
});

test('a secret runs but is never shown, however it is put in', () => {
  const secret = new Secret("s3cr'et word");
  const lines = [sh`login ${secret}`, sh`login ${['-p', secret]}`, sh`sudo ${sh`login ${secret}`}`];
  for (const line of lines) {
    expect(line.hasSecret).toBe(true);
    expect(line.text).toContain("'s3cr'\\''et word'");
    expect(line.shown).toContain('***');
    expect(line.shown).not.toContain('s3cr');
  }
  expect(sh`login ${'nobody'}`.hasSecret).toBe(false);
});

test('a NUL byte is refused: no shell could be given it', () => {
  expect(() => sh`echo ${'a\0b'}`).toThrow(TypeError);
});
