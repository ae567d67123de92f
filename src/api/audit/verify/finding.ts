import type { Sentence } from '../../language.ts';

/** What verification says of a row; auditors read it. */
export const FOUND = {
  transferMissing: {
    fr: 'le transfert a été supprimé',
    en: 'the transfer was removed',
  },
  transferChanged: {
    fr: "le transfert, une de ses écritures ou leur ordre n'est pas ce qui a été écrit",
    en: 'the transfer, one of its entries or their order is not what was written',
  },
  descriptionChanged: {
    fr: "la description n'est pas celle qui a été scellée",
    en: 'the description is not the one that was sealed',
  },
  entriesAstray: {
    fr: "une écriture ne porte pas l'identifiant ou l'heure de son transfert",
    en: "an entry does not have its transfer's id or time",
  },
  transferUnbalanced: {
    fr: 'les écritures ne sont pas au moins deux de somme nulle',
    en: 'the entries are not at least two that sum to zero',
  },
  afterHead: {
    fr: 'la ligne est après la tête de la chaîne, ou avant son début',
    en: "the row is after the chain's head, or before its start",
  },
  entryStray: { fr: "l'écriture n'a pas de transfert", en: 'the entry has no transfer' },
  sealStray: { fr: "le sceau n'a pas de transfert", en: 'the seal has no transfer' },
  headChanged: {
    fr: "la tête n'est pas l'empreinte du dernier élément de la chaîne",
    en: 'the head is not the hash of the last of the chain',
  },
  balanceOff: {
    fr: "le solde n'est pas la somme des écritures",
    en: 'the balance is not the sum of the entries',
  },
  balanceAfterOff: {
    fr: "le solde n'est pas celui d'après la dernière écriture",
    en: 'the balance is not the one after the newest entry',
  },
  negative: { fr: 'le compte est négatif', en: 'the account is below zero' },
  heldOff: {
    fr: "le montant réservé n'est pas celui des opérations en attente",
    en: 'what is held is not what pending operations hold',
  },
  holdAstray: {
    fr: "l'opération et son transfert ne disent pas la même chose",
    en: 'the operation and its transfer do not say the same',
  },
  holdUnlikeTrail: {
    fr: "l'opération n'est pas celle que le journal d'audit a enregistrée, ou n'existe plus",
    en: 'the operation is not the one that the audit trail recorded, or is gone',
  },
  reversalAstray: {
    fr: "l'annulation ne correspond pas à ses deux transferts",
    en: 'the reversal does not fit its two transfers',
  },
  keyAstray: {
    fr: "la clé d'idempotence nomme un transfert qui n'existe pas",
    en: 'the idempotency key names a transfer that does not exist',
  },
  eventMissing: { fr: "l'événement d'audit a été supprimé", en: 'the audit event was removed' },
  eventChanged: {
    fr: "l'événement d'audit n'est pas ce qui a été écrit",
    en: 'the audit event is not what was written',
  },
  anchorAhead: {
    fr: "une ancre a vu cette place, que la chaîne n'a plus : la fin a été supprimée",
    en: 'an anchor saw this place, which the chain has no more: its end was removed',
  },
  anchorDiffers: {
    fr: "une ancre a vu une autre empreinte à cette place : l'histoire a été réécrite",
    en: 'an anchor saw another hash at this place: history was rewritten',
  },
  anchorBroken: {
    fr: "le fichier d'ancrage n'est pas ce qui a été écrit",
    en: 'the anchor file is not what was written',
  },
  ruleUnlikeSource: {
    fr: 'la règle en vigueur diffère du chiffre enregistré avec sa source',
    en: 'the rule in force differs from the figure that was recorded with its source',
  },
} as const satisfies Readonly<Record<string, Sentence>>;

export type FindingKind = keyof typeof FOUND;

export interface Finding {
  readonly kind: FindingKind;
  /** Or the anchor file's name. */
  readonly table: string;
  /** What names the row: `chain_seq=5 id=…`. */
  readonly row: string;
}

/** The most that one kind of look tells; how many more there are, it does not count. */
export const MOST_FINDINGS = 100;
