/** Mutants that no test can kill, and why. They are named by their text, so they outlive moved lines. */
export interface KnownSurvivor {
  readonly file: string;
  /** The line that is changed, trimmed; or a part of it. */
  readonly code: string;
  /** As `shownChange` shows them. */
  readonly changes: readonly string[];
  readonly why: string;
}

const UTF8 = 'JSON.parse turns a buffer into text by UTF-8 as well.';
const SPREAD =
  'The check is for the type checker: a spread of null, a number or a text has none of the fields, which are looked at next.';

const NO_CODE =
  'Every error of the file system and of OpenSSL that was seen here has a code; the text is for one that would not.';
const IN =
  'For the type checker: the kinds of the three fields are looked at next, and what has no fields at all throws where every other damage is caught, with the same verdict.';

export const SURVIVORS: readonly KnownSurvivor[] = [
  {
    file: 'src/api/ledger/limits.ts',
    code: 'const rule = kycLevel === null ? undefined : rules.get(kycLevel);',
    changes: ['kycLevel === null → false'],
    why: 'No rule is kept under null, so looking it up finds none either; the check is for the type checker.',
  },
  {
    file: 'src/api/ledger/apply.ts',
    code: 'if (claim !== undefined && draft.taken.has(claim))',
    changes: ['claim !== undefined → true'],
    why: 'A request without a claim adds none to what is taken, so undefined is never found there; the check is for the reader.',
  },
  {
    file: 'src/check/statements.ts',
    code: 'const isDay =',
    changes: [
      `'' → "Stryker was here!"`,
      '/^\\d{4}-\\d{2}-\\d{2}$/ → /\\d{4}-\\d{2}-\\d{2}$/',
      '/^\\d{4}-\\d{2}-\\d{2}$/ → /^\\d{4}-\\d{2}-\\d{2}/',
    ],
    why: 'What is more than a day is no time for Date.parse, or another text when it is written back, so `isReal` refuses it as well.',
  },
  {
    file: 'src/plan/lock.ts',
    code: "text = readFileSync(path, 'utf8');",
    changes: [`'utf8' → ""`],
    why: UTF8,
  },
  {
    file: 'src/plan/lock.ts',
    code: "if (typeof value !== 'object' || value === null) return false;",
    changes: [
      "typeof value !== 'object' || value === null → false",
      "typeof value !== 'object' || value === null → typeof value !== 'object' && value === null",
      "typeof value !== 'object' → false",
      'value === null → false',
    ],
    why: SPREAD,
  },
  {
    file: 'src/plan/journal.ts',
    code: 'fdatasyncSync(descriptor);',
    changes: ['fdatasyncSync(descriptor); → ;'],
    why: 'Only a machine that loses its power could tell.',
  },
  {
    file: 'src/plan/journal.ts',
    code: "const timeMs = Date.parse(readTail(descriptor).line?.at ?? '');",
    changes: [`'' → "Stryker was here!"`],
    why: 'Neither text is a time.',
  },
  {
    file: 'src/plan/journal.ts',
    code: "const why = systemCodeOf(cause) ?? 'no code';",
    changes: [`'no code' → ""`],
    why: NO_CODE,
  },
  {
    file: 'src/plan/journal.ts',
    code: '} catch {',
    changes: ['{ return undefined; } → {}'],
    why: 'A function that ends without a value gives undefined as well.',
  },
  {
    file: 'src/plan/journal.ts',
    code: "if (typeof value !== 'object' || value === null) return false;",
    changes: [
      "typeof value !== 'object' || value === null → false",
      "typeof value !== 'object' || value === null → typeof value !== 'object' && value === null",
      "typeof value !== 'object' → false",
      'value === null → false',
    ],
    why: SPREAD,
  },
  {
    file: 'src/plan/journal-key.ts',
    code: 'cannot make the folder ',
    changes: [`'no code' → ""`],
    why: NO_CODE,
  },
  {
    file: 'src/plan/journal-key.ts',
    code: "?? 'not a key'",
    changes: [`'not a key' → ""`],
    why: NO_CODE,
  },
  {
    file: 'src/plan/journal-key.ts',
    code: 'const isReached = code === undefined ||',
    changes: ['code === undefined → false'],
    why: NO_CODE,
  },
  {
    file: 'src/plan/verify.ts',
    code: "const value: unknown = JSON.parse(readFileSync(path, 'utf8'));",
    changes: [`'utf8' → ""`],
    why: UTF8,
  },
  {
    file: 'src/plan/verify.ts',
    code: "seq: Number.MAX_SAFE_INTEGER, hash: '', signature: ''",
    changes: [`'' → "Stryker was here!"`],
    why: 'A head that was not understood is one that nobody signed, and neither text is a signature.',
  },
  {
    file: 'src/plan/verify.ts',
    code: "typeof value === 'object' &&",
    changes: [
      "typeof value === 'object' && value !== n … e && 'signature' in value → true",
      "typeof value === 'object' && value !== n … e && 'signature' in value → typeof value === 'object' && value !== n … e || 'signature' in value",
      "typeof value === 'object' && value !== n …  value && 'hash' in value → true",
      "typeof value === 'object' && value !== n …  value && 'hash' in value → typeof value === 'object' && value !== n …  value || 'hash' in value",
      "typeof value === 'object' && value !== null && 'seq' in value → true",
      "typeof value === 'object' && value !== null && 'seq' in value → typeof value === 'object' && value !== null || 'seq' in value",
      "typeof value === 'object' && value !== null → true",
      "typeof value === 'object' && value !== null → typeof value === 'object' || value !== null",
      "typeof value === 'object' → true",
    ],
    why: IN,
  },
  {
    file: 'src/plan/verify.ts',
    code: 'value !== null &&',
    changes: ['value !== null → true'],
    why: IN,
  },
];
