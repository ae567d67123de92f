import type { Sentence } from './language.ts';

/** What the API says when all went well, and the SMS it sends. */
export const SAID = {
  registered: {
    fr: "Compte créé. Un code d'activation a été envoyé par SMS.",
    en: 'Account created. An activation code was sent by SMS.',
  },
  otpRequested: {
    fr: 'Si ce numéro est inscrit, un code lui a été envoyé par SMS.',
    en: 'If this number is registered, a code was sent to it by SMS.',
  },
  loggedIn: { fr: 'Connexion réussie.', en: 'Logged in.' },
  refreshed: { fr: 'Jetons renouvelés.', en: 'Tokens renewed.' },
  loggedOut: { fr: 'Déconnexion réussie.', en: 'Logged out.' },
  balance: { fr: 'Solde du compte.', en: 'Balance of the account.' },
  history: { fr: 'Historique des transactions.', en: 'History of transactions.' },
  deposited: { fr: 'Dépôt réussi.', en: 'Deposit done.' },
  withdrawn: { fr: 'Retrait réussi.', en: 'Withdrawal done.' },
  transferred: { fr: 'Transfert réussi.', en: 'Transfer done.' },
} as const satisfies Readonly<Record<string, Sentence>>;

export const SMS = {
  otp: {
    fr: 'OMPAY : votre code est {code}. Il expire dans 5 minutes. Ne le donnez à personne.',
    en: 'OMPAY: your code is {code}. It expires in 5 minutes. Give it to nobody.',
  },
  transferReceived: {
    fr: 'OMPAY : vous avez reçu {amount} FCFA du {phone}. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: you received {amount} FCFA from {phone}. New balance: {balance} FCFA. Ref. {reference}.',
  },
  deposited: {
    fr: 'OMPAY : dépôt de {amount} FCFA. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: deposit of {amount} FCFA. New balance: {balance} FCFA. Ref. {reference}.',
  },
  withdrawn: {
    fr: 'OMPAY : retrait de {amount} FCFA. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: withdrawal of {amount} FCFA. New balance: {balance} FCFA. Ref. {reference}.',
  },
} as const satisfies Readonly<Record<string, Sentence>>;
