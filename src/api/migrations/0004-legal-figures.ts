import type { LegalFigureRow } from '../db/schema.ts';
import { FEE_RULES, LIMIT_RULES } from './0001-rules.ts';

type Source = Omit<LegalFigureRow, 'name' | 'value' | 'unit'>;

/** Dates are the texts' own where they are known, else the first of their month. */
const INSTRUCTION: Source = {
  instrument: 'BCEAO, Instruction 008-05-2015 on electronic money',
  article: null,
  effective_on: '2015-05-21',
  sureness: 'high',
  note: 'over all instruments of one holder; distributors and acceptors are exempt',
};
const PRESS: Source = {
  ...INSTRUCTION,
  sureness: 'medium',
  note: 'as the press tells it of an unidentified holder; the text itself is to be read',
};
const POLICY: Source = {
  instrument: 'OMPAY, policy of 2026-11',
  article: null,
  effective_on: '2026-11-01',
  sureness: 'low',
  note: 'no text of law asks for it',
};
const CENTIF: Source = {
  instrument: 'CENTIF, reports on declarations of cash',
  article: null,
  effective_on: '2018-02-23',
  sureness: 'medium',
  note: 'cash above it is declared; nothing here declares by itself',
};
const DIRECTIVE: Source = {
  instrument: 'UEMOA, Directive 07/2002/CM/UEMOA against money laundering',
  article: '11',
  effective_on: '2002-09-19',
  sureness: 'medium',
  note: 'medium to high; the floor that was asked for is 5 years',
};

/** Limits that are the instruction's or the press's; every other limit is policy. */
const SOURCES: Readonly<Record<string, Source>> = {
  'limit.identified.max_balance': INSTRUCTION,
  'limit.identified.monthly_in': INSTRUCTION,
  'limit.unidentified.max_balance': PRESS,
  'limit.staff.max_balance': INSTRUCTION,
  'limit.staff.monthly_in': INSTRUCTION,
};

const LIMITED = ['max_balance', 'daily_out', 'monthly_out', 'monthly_in', 'otp_requests_per_hour'] as const;

/** The figures at the start, each with its source; the limits and rates are those of migration 0001. */
export const LEGAL_FIGURES: readonly LegalFigureRow[] = [
  ...LIMIT_RULES.flatMap((rule) =>
    LIMITED.map((column) => {
      const name = `limit.${rule.kyc_level}.${column}`;
      const unit = column === 'otp_requests_per_hour' ? 'requests' : 'XOF';
      return { name, value: rule[column], unit, ...(SOURCES[name] ?? POLICY) };
    }),
  ),
  ...FEE_RULES.map(({ type, rate_ppm }) => ({
    name: `fee.${type}`,
    value: rate_ppm,
    unit: 'ppm',
    ...POLICY,
  })),
  { name: 'declaration.cash_above', value: 15_000_000, unit: 'XOF', ...CENTIF },
  { name: 'retention.records', value: 10, unit: 'years', ...DIRECTIVE },
];
