import type { Language } from '../page/words.ts';

/** Every word of the page of a restore test, in one language. */
export interface RestoreTestWords {
  readonly heading: string;
  readonly passed: string;
  readonly proven: string;
  readonly failed: string;
  readonly meaning: string;
  readonly store: string;
  readonly offsite: string;
  readonly onSite: string;
  readonly locked: string;
  readonly notLocked: string;
  readonly at: string;
  readonly by: string;
  readonly site: string;
  readonly backup: string;
  readonly takenAt: string;
  readonly size: string;
  readonly server: string;
  readonly point: string;
  readonly pointText: (time: string, transactions: string) => string;
  readonly targetsTitle: string;
  readonly measured: string;
  readonly target: string;
  readonly verdict: string;
  readonly rpo: string;
  readonly rto: string;
  readonly met: string;
  readonly missed: string;
  readonly stepsTitle: string;
  readonly fetch: string;
  readonly start: string;
  readonly prove: string;
  readonly replay: string;
  readonly checksTitle: string;
  readonly checkVerdict: Readonly<Record<'pass' | 'fail' | 'absent', string>>;
  readonly failureTitle: string;
  readonly method: string;
  readonly proofTitle: string;
  readonly record: string;
  readonly hash: string;
  readonly signature: string;
  readonly key: string;
  readonly howToCheck: string;
  readonly footer: string;
}

const FRENCH: RestoreTestWords = {
  heading: 'Test de restauration',
  passed: 'Restauration prouvée dans les objectifs',
  proven: 'Restauration prouvée, mais un objectif n’est pas tenu',
  failed: 'La restauration a échoué',
  meaning:
    'La base de données a été restaurée à partir de cette seule copie, comme si tout le reste était perdu, démarrée à part, et ses comptes ont été vérifiés. Rien de ce qui sert les clients n’a été touché.',
  store: 'Copie utilisée',
  offsite: 'hors site',
  onSite: 'sur site',
  locked: 'verrouillée contre l’effacement',
  notLocked: 'non verrouillée',
  at: 'Date du test',
  by: 'Par',
  site: 'Environnement',
  backup: 'Sauvegarde',
  takenAt: 'Prise le',
  size: 'Taille de la copie',
  server: 'Base de données',
  point: 'Restaurée à un instant tiré au hasard',
  pointText: (time, transactions) => `${time}, ${transactions} transactions rejouées`,
  targetsTitle: 'Objectifs',
  measured: 'Mesuré',
  target: 'Objectif',
  verdict: 'Verdict',
  rpo: 'Perte de données maximale (RPO)',
  rto: 'Délai de reprise (RTO)',
  met: 'tenu',
  missed: 'non tenu',
  stepsTitle: 'Durée de chaque étape',
  fetch: 'Lire, déchiffrer et extraire la copie',
  start: 'Démarrer la base',
  prove: 'Prouver les comptes',
  replay: 'Rejouer le journal',
  checksTitle: 'Preuves demandées à la base restaurée',
  checkVerdict: { pass: 'Conforme', fail: 'Non conforme', absent: 'Sans objet' },
  failureTitle: 'Ce qui a échoué',
  method:
    'RPO : au moment du test, âge du début de la sauvegarde restaurée ou, avec son journal, de la fin de ce journal. RTO : durée entre la commande et une base prouvée.',
  proofTitle: 'Authenticité',
  record: 'Enregistrement signé',
  hash: 'SHA-256 de son contenu',
  signature: 'Signature (ed25519)',
  key: 'Clé publique',
  howToCheck:
    'L’empreinte est celle du JSON sans `hash` ni `signature`; docs/copies.md dit comment la vérifier.',
  footer: 'Produit par ompay restore-test. Les heures sont en UTC, qui est aussi l’heure de Dakar.',
};

const ENGLISH: RestoreTestWords = {
  heading: 'Restore test',
  passed: 'Restore proven within the targets',
  proven: 'Restore proven, but a target is missed',
  failed: 'The restore failed',
  meaning:
    'The database was restored from this copy alone, as if everything else were lost, started apart, and its accounts were proven. Nothing that serves customers was touched.',
  store: 'Copy used',
  offsite: 'off-site',
  onSite: 'on site',
  locked: 'locked against deletion',
  notLocked: 'not locked',
  at: 'Date of the test',
  by: 'By',
  site: 'Environment',
  backup: 'Backup',
  takenAt: 'Taken at',
  size: 'Size of the copy',
  server: 'Database',
  point: 'Restored to a random moment',
  pointText: (time, transactions) => `${time}, ${transactions} transactions replayed`,
  targetsTitle: 'Targets',
  measured: 'Measured',
  target: 'Target',
  verdict: 'Verdict',
  rpo: 'Recovery point objective (RPO)',
  rto: 'Recovery time objective (RTO)',
  met: 'met',
  missed: 'missed',
  stepsTitle: 'Time of each step',
  fetch: 'Read, decrypt and extract the copy',
  start: 'Start the database',
  prove: 'Prove the accounts',
  replay: 'Replay the log',
  checksTitle: 'What the restored database was asked',
  checkVerdict: { pass: 'Pass', fail: 'Fail', absent: 'Not applicable' },
  failureTitle: 'What failed',
  method:
    'RPO: at the time of the test, age of the beginning of the restored backup or, with its log, of the end of that log. RTO: from the command to a proven database.',
  proofTitle: 'Authenticity',
  record: 'Signed record',
  hash: 'SHA-256 of its content',
  signature: 'Signature (ed25519)',
  key: 'Public key',
  howToCheck:
    'The hash is that of the JSON without `hash` and `signature`; docs/copies.md says how to check it.',
  footer: 'Made by ompay restore-test. Times are UTC, which is also the time of Dakar.',
};

export function restoreTestWords(language: Language): RestoreTestWords {
  return language === 'en' ? ENGLISH : FRENCH;
}

/** Names of the ledger's proofs in French; others are shown as they are named. */
export const FRENCH_CHECKS: Readonly<Record<string, string>> = {
  'debits equal credits': 'Les débits égalent les crédits',
  'every transfer balances': 'Chaque transfert est équilibré',
  'every transfer has its entries': 'Chaque transfert a ses écritures',
  'every balance is the sum of its entries': 'Chaque solde est la somme de ses écritures',
  'nobody owes but issuance': 'Aucun compte n’est débiteur, sauf l’émission',
  'what is held is what pending operations hold': 'Les fonds bloqués sont ceux des opérations en attente',
  'every operation is posted by its transfer, or has none':
    'Chaque opération est passée par son transfert, ou n’en a pas',
  'every reversal is the other way of one transfer': 'Chaque annulation est l’inverse d’un seul transfert',
  'the chain reaches its head without a gap': 'La chaîne d’audit atteint sa tête sans trou',
  'the recorded head is still in the chain': 'La tête relevée à la source est toujours dans la chaîne',
  transfers: 'Aucun transfert ne manque',
  users: 'Aucun utilisateur ne manque',
  accounts: 'Aucun compte ne manque',
};
