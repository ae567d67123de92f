import { type Html, html } from './html.ts';
import type { Language } from './words.ts';

/** The French of the phases; what is not here keeps the title that its plan gave, marked as English. */
const PHASES: Readonly<Record<string, string>> = {
  lock: 'Verrou',
  preflight: 'Contrôles préalables',
  check: 'Vérifications avant le déploiement',
  services: 'Services',
  backup: 'Sauvegarde',
  build: 'Construction',
  migrate: 'Migrations',
  prepare: 'Préparation de l’emplacement libre',
  switch: 'Bascule',
  resume: 'Reprise de l’observation',
  rollback: 'Retour à l’autre emplacement',
  empty: 'Remise à vide de l’emplacement',
  accept: 'Acceptation',
  tell: 'Annonce',
  prune: 'Ménage',
  unlock: 'Fin du verrou',
  up: 'Démarrage',
  down: 'Arrêt',
};

/** The French of the steps, by phase and step. */
const STEPS: Readonly<Record<string, string>> = {
  'lock/acquire': 'prendre le verrou',
  'preflight/baseline': 'mesurer ce que voient les clients avant',
  'preflight/folder': 'le dossier d’état est à nous et inscriptible',
  'preflight/disk': 'il reste de la place sur le disque',
  'preflight/clock': 'l’horloge n’a pas reculé',
  'preflight/port': 'le port est libre, ou à nous',
  'preflight/config': 'l’environnement de l’API est complet',
  'services/platform': 'mettre en place les programmes locaux et Node',
  'services/supervisor': 'démarrer le superviseur',
  'services/database': 'démarrer la base de données',
  'backup/create': 'sauvegarder la base de données',
  'build/release': 'assembler l’API et la ranger sous son empreinte',
  'build/start': 'elle démarre seule, sans node_modules',
  'migrate/backup': 'la sauvegarde démarre, et son grand livre est prouvé',
  'migrate/lint': 'les migrations sont supportables pour la version en service',
  'migrate/rehearse': 'répéter les migrations sur une copie, avec les deux versions',
  'migrate/expand': 'appliquer les migrations qui manquent',
  'migrate/live': 'la version en service fonctionne toujours',
  'prepare/start': 'démarrer la version dans l’emplacement libre',
  'prepare/health': 'l’emplacement répond 200 à /health',
  'prepare/smoke': 'inscription, code, dépôt, transfert, solde ; débits = crédits',
  'switch/front': 'la porte d’entrée répond sur le port',
  'switch/switch': 'basculer current.sock vers la nouvelle version',
  'switch/drain': 'l’ancienne version finit ce qu’elle a commencé',
  'switch/observe': 'observer ce que voient les clients',
  'resume/front': 'la porte d’entrée répond sur le port',
  'resume/observe': 'observer ce que voient les clients',
  'rollback/health': 'l’emplacement répond 200 à /health',
  'rollback/switch': 'basculer current.sock vers la version d’avant',
  'rollback/drain': 'la version quittée finit ce qu’elle a commencé',
  'rollback/observe': 'observer ce que voient les clients',
  'accept/release': 'noter que cette version a servi et se portait bien',
  'check/checks-pre-deploy': 'liste « avant le déploiement »',
  'prepare/checks-deploy': 'liste « pendant le déploiement »',
  'prepare/checks-rollback': 'liste « retour arrière »',
  'switch/checks-post-deploy': 'liste « après le déploiement »',
  'switch/tell': 'prévenir l’équipe',
  'resume/tell': 'prévenir l’équipe',
  'resume/checks-post-deploy': 'liste « après le déploiement »',
  'tell/tell': 'prévenir l’équipe',
  'empty/stop': 'arrêter ce qui y était préparé',
  'prune/releases': 'garder les versions les plus récentes',
  'prune/backups': 'garder les sauvegardes les plus récentes',
  'unlock/release': 'rendre le verrou',
};

export function phaseTitle({ plan, title }: { plan: string; title: string }, language: Language): Html {
  return translated(PHASES[plan], title, language);
}

export function stepTitle(
  plan: string,
  { step, title }: { step: string; title: string },
  language: Language,
): Html {
  return translated(STEPS[`${plan}/${step}`], title, language);
}

function translated(french: string | undefined, title: string, language: Language): Html {
  if (language === 'en') return html`${title}`;
  return french === undefined ? english(title) : html`${french}`;
}

/** What the program said, in its own language. */
export function english(text: string): Html {
  return html`<span lang="en">${text}</span>`;
}
