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
  pinSet: { fr: 'Code PIN défini.', en: 'PIN set.' },
  pinChanged: { fr: 'Code PIN modifié.', en: 'PIN changed.' },
  me: { fr: 'Votre profil.', en: 'Your profile.' },
  dashboard: { fr: 'Tableau de bord.', en: 'Dashboard.' },
  transaction: { fr: 'Transaction trouvée.', en: 'Transaction found.' },
  paid: { fr: 'Paiement réussi.', en: 'Payment done.' },
  qrMade: { fr: 'Code QR généré. Il expire dans 5 minutes.', en: 'QR code made. It expires in 5 minutes.' },
  qr: { fr: 'Code QR valide.', en: 'The QR code is good.' },
  loggedOut: { fr: 'Déconnexion réussie.', en: 'Logged out.' },
  balance: { fr: 'Solde du compte.', en: 'Balance of the account.' },
  history: { fr: 'Historique des transactions.', en: 'History of transactions.' },
  deposited: { fr: 'Dépôt réussi.', en: 'Deposit done.' },
  withdrawn: { fr: 'Retrait réussi.', en: 'Withdrawal done.' },
  holdOpened: {
    fr: 'Opération en attente. Donnez le code à un distributeur dans les 15 minutes.',
    en: 'Operation pending. Give the code to a distributor within 15 minutes.',
  },
  holdCancelled: { fr: 'Opération annulée.', en: 'Operation cancelled.' },
  transferred: { fr: 'Transfert réussi.', en: 'Transfer done.' },
} as const satisfies Readonly<Record<string, Sentence>>;

export const SMS = {
  otp: {
    fr: 'OMPAY : votre code est {code}. Il expire dans 5 minutes. Ne le donnez à personne.',
    en: 'OMPAY: your code is {code}. It expires in 5 minutes. Give it to nobody.',
  },
  pinSet: {
    fr: "OMPAY : votre code PIN a été défini. Si ce n'est pas vous, appelez le service client.",
    en: 'OMPAY: your PIN was set. If it was not you, call customer service.',
  },
  pinChanged: {
    fr: "OMPAY : votre code PIN a été modifié. Si ce n'est pas vous, appelez le service client.",
    en: 'OMPAY: your PIN was changed. If it was not you, call customer service.',
  },
  paymentReceived: {
    fr: 'OMPAY : paiement de {amount} FCFA reçu du {phone}. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: payment of {amount} FCFA received from {phone}. New balance: {balance} FCFA. Ref. {reference}.',
  },
  transferReceived: {
    fr: 'OMPAY : vous avez reçu {amount} FCFA du {phone}. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: you received {amount} FCFA from {phone}. New balance: {balance} FCFA. Ref. {reference}.',
  },
  deposited: {
    fr: 'OMPAY : dépôt de {amount} FCFA. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: deposit of {amount} FCFA. New balance: {balance} FCFA. Ref. {reference}.',
  },
  depositOpened: {
    fr: 'OMPAY : code {code} pour votre dépôt de {amount} FCFA, valable 15 minutes. Donnez-le au distributeur seul. Réf. {reference}.',
    en: 'OMPAY: code {code} for your deposit of {amount} FCFA, good for 15 minutes. Give it to the distributor alone. Ref. {reference}.',
  },
  withdrawalOpened: {
    fr: 'OMPAY : code {code} pour votre retrait de {amount} FCFA, valable 15 minutes. Donnez-le au distributeur seul. Réf. {reference}.',
    en: 'OMPAY: code {code} for your withdrawal of {amount} FCFA, good for 15 minutes. Give it to the distributor alone. Ref. {reference}.',
  },
  codesExhausted: {
    fr: 'OMPAY : votre opération de {amount} FCFA est annulée après 5 codes incorrects. Réf. {reference}.',
    en: 'OMPAY: your operation of {amount} FCFA is cancelled after 5 wrong codes. Ref. {reference}.',
  },
  reversed: {
    fr: 'OMPAY : opération {original} annulée par le service client. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: operation {original} was undone by customer service. New balance: {balance} FCFA. Ref. {reference}.',
  },
  withdrawn: {
    fr: 'OMPAY : retrait de {amount} FCFA. Nouveau solde : {balance} FCFA. Réf. {reference}.',
    en: 'OMPAY: withdrawal of {amount} FCFA. New balance: {balance} FCFA. Ref. {reference}.',
  },
} as const satisfies Readonly<Record<string, Sentence>>;
