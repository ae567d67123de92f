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
];
