import { Secret } from '../core/secret.ts';

export const ENVIRONMENTS = ['local', 'staging', 'production'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** One environment variable: what it means, what it may be, and how its text becomes a value. */
export interface Key<T> {
  readonly name: string;
  /** What is allowed, as it is said in an error and in docs/config.md. */
  readonly allowed: string;
  readonly doc: string;
  readonly unit: string | null;
  /** The text that counts when the variable is absent or empty; null when nothing does. */
  readonly fallback: string | null;
  /** Where it must be set; everywhere else it may be absent. */
  readonly requiredIn: readonly Environment[];
  /** A secret's value is never shown, not even when it is wrong. */
  readonly secret: boolean;
  /** The value, or undefined when the text is not allowed. */
  parse(text: string): T | undefined;
}

interface KeyDescription {
  readonly doc: string;
  readonly unit?: string;
  readonly fallback?: string;
  readonly requiredIn?: readonly Environment[];
}

interface KeyRule<T> {
  readonly allowed: string;
  readonly secret?: boolean;
  parse(text: string): T | undefined;
}

function key<T>(name: string, description: KeyDescription, rule: KeyRule<T>): Key<T> {
  return {
    name,
    allowed: rule.allowed,
    doc: description.doc,
    unit: description.unit ?? null,
    fallback: description.fallback ?? null,
    requiredIn: description.requiredIn ?? [],
    secret: rule.secret ?? false,
    parse: rule.parse,
  };
}

export function textKey(name: string, description: KeyDescription): Key<string> {
  return key(name, description, { allowed: 'text', parse: (text) => text });
}

export function secretKey(name: string, description: KeyDescription): Key<Secret> {
  return key(name, description, { allowed: 'text', secret: true, parse: (text) => new Secret(text) });
}

export function flagKey(name: string, description: KeyDescription): Key<boolean> {
  const values: Readonly<Record<string, boolean>> = { true: true, false: false };
  return key(name, description, { allowed: '`true` or `false`', parse: (text) => values[text] });
}

export function choiceKey<const C extends string>(
  name: string,
  choices: readonly C[],
  description: KeyDescription,
): Key<C> {
  return key(name, description, {
    allowed: choices.map((choice) => `\`${choice}\``).join(', '),
    parse: (text) => choices.find((choice) => choice === text),
  });
}

export function integerKey(
  name: string,
  range: { readonly min: number; readonly max: number },
  description: KeyDescription,
): Key<number> {
  return key(name, description, {
    allowed: `a whole number from ${range.min} to ${range.max}`,
    parse: (text) => {
      const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= range.min && value <= range.max ? value : undefined;
    },
  });
}

/** The URL without a final slash, so that paths are appended to it. */
export function urlKey(name: string, description: KeyDescription): Key<string> {
  return key(name, description, {
    allowed: 'an http or https URL',
    parse: (text) => (isWebUrl(text) ? text.replace(/\/+$/, '') : undefined),
  });
}

/**
 * An address that may hold a token in its path, so it is kept as a secret. Plain http is allowed to this machine
 * only; a user and password in it are not, as they would be sent nowhere.
 */
export function secretUrlKey(name: string, description: KeyDescription): Key<Secret> {
  return key(name, description, {
    allowed: 'an https URL, or an http one to this machine',
    secret: true,
    parse: (text) => (isSafeToPostTo(text) ? new Secret(text) : undefined),
  });
}

/** Sentry's form of an address: a public key, a host, a project's number. */
export function dsnKey(name: string, description: KeyDescription): Key<Secret> {
  return key(name, description, {
    allowed: '`https://KEY@HOST/NUMBER`, or http to this machine',
    secret: true,
    parse: (text) => (isDsn(text) ? new Secret(text) : undefined),
  });
}

function isDsn(text: string): boolean {
  if (!isWebUrl(text)) return false;
  const { protocol, hostname, username, password, pathname, search } = new URL(text);
  const isComplete = /^\w{1,64}$/.test(username) && /^(?:\/[\w-]+)*\/\d{1,20}$/.test(pathname);
  const isPlain = password === '' && search === '';
  return isComplete && isPlain && (protocol === 'https:' || isLoopback(hostname));
}

function isSafeToPostTo(text: string): boolean {
  if (!isWebUrl(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || isLoopback(hostname);
}

/** Whether a host's name or address, as in a URL, is this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname === '[::1]' ||
    hostname === '::1' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}

function isWebUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** Laravel's form of a key: `base64:` and 32 bytes. */
export function applicationKey(name: string, description: KeyDescription): Key<Secret> {
  return key(name, description, {
    allowed: '`base64:` and 32 bytes in base64',
    secret: true,
    parse: (text) => {
      const encoded = /^base64:([A-Za-z0-9+/]{43}=)$/.exec(text)?.[1];
      return encoded === undefined ? undefined : new Secret(encoded);
    },
  });
}

/** Several of them, with commas between, as Laravel's APP_PREVIOUS_KEYS. */
export function applicationKeysKey(name: string, description: KeyDescription): Key<readonly Secret[]> {
  const one = applicationKey(name, description);
  return key(name, description, {
    allowed: `${one.allowed}, with commas between`,
    secret: true,
    parse: (text) => {
      const keys = text.split(',').map((each) => one.parse(each.trim()));
      return keys.every((each) => each !== undefined) ? keys : undefined;
    },
  });
}

export function pathKey(name: string, description: KeyDescription): Key<string> {
  return key(name, description, {
    allowed: 'an absolute path',
    parse: (text) => (text.startsWith('/') ? text : undefined),
  });
}

const MAIL_ADDRESS = /^[^\s@,;<>]+@[^\s@,;<>]+$/;

export function mailAddressKey(name: string, description: KeyDescription): Key<string> {
  return key(name, description, {
    allowed: 'a mail address',
    parse: (text) => (MAIL_ADDRESS.test(text) ? text : undefined),
  });
}

export function mailAddressesKey(name: string, description: KeyDescription): Key<readonly string[]> {
  return key(name, description, {
    allowed: 'mail addresses with commas between',
    parse: (text) => {
      const addresses = text.split(',').map((each) => each.trim());
      return addresses.every((each) => MAIL_ADDRESS.test(each)) ? addresses : undefined;
    },
  });
}

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export function addressesKey(name: string, description: KeyDescription): Key<readonly ServerAddress[]> {
  return key(name, description, {
    allowed: '`host:port` with commas between',
    parse: (text) => {
      const addresses = text.split(',').flatMap((each) => addressOf(each.trim()) ?? []);
      return addresses.length === text.split(',').length ? addresses : undefined;
    },
  });
}

function addressOf(text: string): ServerAddress | undefined {
  const [, host, digits] = /^([\w.-]+|\[[\da-f:]+\]):(\d{1,5})$/i.exec(text) ?? [];
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}
