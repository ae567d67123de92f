import type { Draw } from './draw.ts';
import type { Operation } from './history.ts';
import type { Person, PersonWish } from './world.ts';

/** The people of one run: a few that everybody deals with, and the others. */
export const WISHES: readonly PersonWish[] = [
  ...Array.from({ length: 12 }, () => ({ kind: 'customer', fundsXof: 30_000 }) as const),
  // The last are the hot ones.
  ...Array.from({ length: 2 }, () => ({ kind: 'customer', fundsXof: 150_000 }) as const),
  ...Array.from({ length: 2 }, () => ({ kind: 'merchant', fundsXof: 10_000 }) as const),
  ...Array.from({ length: 3 }, () => ({ kind: 'distributor', fundsXof: 200_000 }) as const),
];

export interface Cast {
  readonly customers: readonly Person[];
  readonly hot: readonly Person[];
  readonly merchants: readonly Person[];
  readonly distributors: readonly Person[];
}

export function castOf(people: readonly Person[]): Cast {
  return {
    customers: people.slice(0, 12),
    hot: people.slice(12, 14),
    merchants: people.slice(14, 16),
    distributors: people.slice(16),
  };
}

/** What a client sends: the same bytes each time. */
export interface Errand {
  readonly operation: Operation;
  readonly token: string;
  readonly path: string;
  readonly body: string;
}

/** What follows an errand that opens an operation. */
export type Ending = 'confirm' | 'cancel' | 'both' | 'none';

export interface Step {
  readonly errand: Errand;
  /** Of an opened operation. */
  readonly ending: Ending;
  readonly opener: Person;
  readonly distributor: Person;
  /** Ask both processes at the same moment. */
  readonly twice: boolean;
  /** Ask again at the end, though it was answered. */
  readonly again: boolean;
  readonly process: 0 | 1;
  readonly pauseMs: number;
}

type Moving = 'transfer' | 'payment' | 'deposit' | 'withdrawal' | 'open';

const MIX: readonly (readonly [Moving, number])[] = [
  ['transfer', 9],
  ['payment', 4],
  ['deposit', 2],
  ['withdrawal', 2],
  ['open', 3],
];
const ENDINGS: readonly (readonly [Ending, number])[] = [
  ['confirm', 4],
  ['cancel', 2],
  ['both', 3],
  ['none', 1],
];

/** Of `amount` that the API allows, now and then more than anybody has. */
function amountOf(draw: Draw): number {
  return draw.chance(0.1) ? draw.whole(40_000, 400_000) : draw.whole(100, 9_000);
}

/** One client's day, drawn before it begins. */
export function drawSteps(draw: Draw, cast: Cast, name: string, count: number): readonly Step[] {
  return Array.from({ length: count }, (_, index) => {
    const kind = draw.weighted(MIX);
    const opener = draw.chance(0.3) ? draw.one(cast.hot) : draw.one(cast.customers);
    const distributor = draw.one(cast.distributors);
    return {
      errand: drawErrand(draw, { kind, opener, distributor, cast, key: `${name}-${index}` }),
      ending: draw.weighted(ENDINGS),
      opener,
      distributor,
      twice: draw.chance(0.12),
      again: draw.chance(0.2),
      process: draw.chance(0.5) ? 0 : 1,
      pauseMs: draw.whole(0, 40),
    };
  });
}

interface Wanted {
  readonly kind: Moving;
  readonly opener: Person;
  readonly distributor: Person;
  readonly cast: Cast;
  readonly key: string;
}

function drawErrand(draw: Draw, { kind, opener, distributor, cast, key }: Wanted): Errand {
  const amount = amountOf(draw);
  const operation = (debit: Person, credit: Person): Operation => ({
    kind,
    key,
    debitAccountId: debit.accountId,
    creditAccountId: credit.accountId,
    amountXof: amount,
    answers: [],
    unknowns: 0,
  });
  switch (kind) {
    case 'transfer': {
      const receivers = [...cast.customers, ...cast.hot, ...cast.hot, ...cast.hot, ...cast.hot];
      const receiver = draw.one(receivers.filter((person) => person !== opener));
      const body = JSON.stringify({ recipient_telephone: receiver.telephone, amount });
      return {
        operation: operation(opener, receiver),
        token: opener.token,
        path: '/api/ompay/transfer',
        body,
      };
    }
    case 'payment': {
      const merchant = draw.one(cast.merchants);
      const body = JSON.stringify({ code_marchand: merchant.codeMarchand, montant: amount });
      return {
        operation: operation(opener, merchant),
        token: opener.token,
        path: '/api/paiement/marchand',
        body,
      };
    }
    case 'deposit':
    case 'withdrawal': {
      const sides: [Person, Person] = kind === 'deposit' ? [distributor, opener] : [opener, distributor];
      const path = kind === 'deposit' ? '/api/ompay/deposit' : '/api/ompay/withdraw';
      const body = JSON.stringify({ amount, telephone_client: opener.telephone });
      return { operation: operation(...sides), token: distributor.token, path, body };
    }
    case 'open': {
      // Its money moves with the confirmation: on which side is told by the two accounts.
      const deposit = draw.chance(0.4);
      const sides: [Person, Person] = deposit ? [distributor, opener] : [opener, distributor];
      const path = deposit ? '/api/ompay/deposit' : '/api/ompay/withdraw';
      return { operation: operation(...sides), token: opener.token, path, body: JSON.stringify({ amount }) };
    }
  }
}

/** What ends an operation that was opened and acknowledged. */
export function endingErrands(
  step: Step,
  opened: { readonly reference: string; readonly code: string },
): readonly Errand[] {
  const { operation } = step.errand;
  const base = { ...operation, of: opened.reference, unknowns: 0 };
  const confirm = (): Errand => ({
    operation: { ...base, kind: 'confirm', key: `${operation.key}-confirm`, answers: [] },
    token: step.distributor.token,
    path: '/api/distributeur/confirmer',
    body: JSON.stringify({ telephone_client: step.opener.telephone, code: opened.code }),
  });
  const cancel = (): Errand => ({
    operation: { ...base, kind: 'cancel', key: `${operation.key}-cancel`, answers: [] },
    token: step.opener.token,
    path: '/api/ompay/cancel',
    body: JSON.stringify({ reference: opened.reference }),
  });
  switch (step.ending) {
    case 'confirm':
      return [confirm()];
    case 'cancel':
      return [cancel()];
    case 'both':
      return [confirm(), cancel()];
    case 'none':
      return [];
  }
}
