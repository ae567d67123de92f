import type { Secret } from './secret.ts';
import { SECRET_RULES } from './secret-rules.ts';

const MASK = '***';
/** Shorter values occur by chance, and would make any text unreadable. */
const MIN_SECRET_CHARACTERS = 4;

/**
 * A text for the eyes of others: without the secrets that are known, in any usual spelling, then without all that looks
 * like one; telephone numbers keep their beginning and two digits. Rather too much is masked than too little.
 */
export function redacted(text: string, secrets: readonly Secret[]): string {
  return shapesMasked(valuesMasked(text, secrets));
}

/** Longer ones first: of two that begin alike, the longer is the one that is meant. */
function valuesMasked(text: string, secrets: readonly Secret[]): string {
  const spellings = new Set(secrets.flatMap((secret) => spellingsOf(secret.reveal())));
  return [...spellings]
    .toSorted((a, b) => b.length - a.length)
    .reduce((masked, value) => masked.replaceAll(value, MASK), text);
}

/** As it is, a line each, and as JSON, addresses, headers and shells write it. */
function spellingsOf(value: string): readonly string[] {
  const whole = value.trim();
  const lines = whole.includes('\n') ? whole.split('\n') : [];
  const key = whole.startsWith('base64:') ? [whole.slice('base64:'.length)] : [];
  return [whole, ...lines, ...key]
    .filter((each) => each.length >= MIN_SECRET_CHARACTERS)
    .flatMap((each) => [
      each,
      JSON.stringify(each).slice(1, -1),
      encodeURIComponent(each.toWellFormed()),
      Buffer.from(each).toString('base64'),
      Buffer.from(each).toString('base64url'),
      each.replaceAll("'", String.raw`'\''`),
    ]);
}

interface Shape {
  readonly pattern: RegExp;
  readonly shown: string;
}

/** What makes a name one of a secret, between its other words. */
const SECRET_NAME = [
  'pass(?:word|wd|phrase)?',
  'mot_?de_?passe',
  'secrets?',
  'tokens?',
  'api[_-]?key',
  'private[_-]?key',
  'app[_-]?(?:next[_-]?)?key',
  'previous[_-]?keys',
  'access[_-]?key(?:[_-]?id)?',
  'authorization',
  'cookie',
  'dsn',
  'pin',
  'otp',
  'code[_-]?(?:pin|otp|secret)',
].join('|');

const SHAPES: readonly Shape[] = [
  {
    pattern: /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$(?![\s\S]))/g,
    shown: `-----BEGIN $1----- ${MASK}`,
  },
  { pattern: /\b(Bearer|Basic|Token)\s+[\w.~+/=-]{6,}/gi, shown: `$1 ${MASK}` },
  // `DB_PASSWORD=…`, `"pin": "1234"`, `secret: …`, `--token …`: to the end of the quotes, or of the word.
  {
    pattern: new RegExp(
      String.raw`((?:^|[^A-Za-z0-9])(?:[\w.-]*[_.-])?(?:${SECRET_NAME})(?:[_-]\w+)?\\?["']?\s*[:=]\s*)(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s,;}&"']+)`,
      'gim',
    ),
    shown: `$1${MASK}`,
  },
  { pattern: /(--(?:password|token|secret|pin|otp|key)[ =])(\S+)/gi, shown: `$1${MASK}` },
  {
    pattern: /\b(pin|otp|code|mot de passe)\b(\W{1,12}|\W{1,4}(?:est|is)\W{1,4})\d{4,8}\b/gi,
    shown: `$1$2${MASK}`,
  },
  // A phone is known again by its ends, and cannot be called.
  { pattern: /(?<![\w.])((?:\+|00)\d{5})\d{2,8}(\d{2})(?!\w)/g, shown: '$1…$2' },
  {
    pattern: /(?<![\w.])((?:\+?221[ .-]?)?7[05678])[ .-]?\d{3}[ .-]?\d{2}[ .-]?(\d{2})(?!\w)/g,
    shown: '$1…$2',
  },
];

function shapesMasked(text: string): string {
  const known = SECRET_RULES.filter(({ name }) => name !== 'private-key').reduce(
    (masked, { pattern }) =>
      masked.replaceAll(pattern, (whole: string, secret: string) => whole.replace(secret, MASK)),
    text,
  );
  return SHAPES.reduce((masked, { pattern, shown }) => masked.replaceAll(pattern, shown), known);
}
