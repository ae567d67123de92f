import type { FeeRuleRow, LimitRuleRow } from '../db/schema.ts';

const INSTRUCTION = 'BCEAO, Instruction 008-05-2015: balance 2,000,000, reloads 10,000,000 a month';
const PRESS = 'press on BCEAO, Instruction 008-05-2015: balance 200,000';
const POLICY = 'policy of 2026-11';

/** Limits at the start. Changed in the table, not here; XOF. */
export const LIMIT_RULES: readonly LimitRuleRow[] = [
  {
    kyc_level: 'identified',
    max_balance: 2_000_000,
    daily_out: 2_000_000,
    monthly_out: 10_000_000,
    monthly_in: 10_000_000,
    otp_requests_per_hour: 3,
    source: `${INSTRUCTION}; outgoing and OTP: ${POLICY}`,
  },
  {
    kyc_level: 'unidentified',
    max_balance: 200_000,
    daily_out: 200_000,
    monthly_out: 200_000,
    monthly_in: 200_000,
    otp_requests_per_hour: 3,
    source: `${PRESS}; months, outgoing and OTP: ${POLICY}`,
  },
  {
    kyc_level: 'probe',
    max_balance: null,
    daily_out: null,
    monthly_out: null,
    monthly_in: null,
    otp_requests_per_hour: 1_000,
    source: `${POLICY}: smoke tests move the house's own money at each deployment`,
  },
  {
    kyc_level: 'staff',
    max_balance: null,
    daily_out: null,
    monthly_out: null,
    monthly_in: null,
    otp_requests_per_hour: 3,
    source: `distributors are exempt (${INSTRUCTION}); OTP: ${POLICY}`,
  },
];

/** Prices at the start: a transfer costs its sender 0.8 %. */
export const FEE_RULES: readonly FeeRuleRow[] = [
  { type: 'transfert', rate_ppm: 8_000, source: POLICY },
  { type: 'depot', rate_ppm: 0, source: POLICY },
  { type: 'retrait', rate_ppm: 0, source: POLICY },
  { type: 'paiement', rate_ppm: 0, source: POLICY },
  { type: 'approvisionnement', rate_ppm: 0, source: POLICY },
];
