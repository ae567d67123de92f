/** What a secret looks like; each form is the one that its issuer documents. */
export interface SecretRule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Shannon entropy of the first group, bits a character: below it, it is a word and not a key. */
  readonly minEntropyBits?: number;
}

export const SECRET_RULES: readonly SecretRule[] = [
  // RFC 7468 and OpenSSH's own label.
  {
    name: 'private-key',
    pattern: /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\\n"'+,]*([A-Za-z0-9+/=]{40,})/g,
  },
  // github.com/C2SP/C2SP, age: Bech32 of 32 bytes.
  { name: 'age-key', pattern: /\b(AGE-SECRET-KEY-1[02-9AC-HJ-NP-Z]{58})\b/g },
  // docs.aws.amazon.com, IAM identifiers: unique prefixes of long-term and session keys.
  { name: 'aws-key', pattern: /\b((?:AKIA|ASIA)[A-Z2-7]{16})\b/g },
  // github.blog, "Behind GitHub's new authentication token formats".
  { name: 'github-token', pattern: /\b((?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{80,}))\b/g },
  // docs.gitlab.com, token overview: prefixes.
  { name: 'gitlab-token', pattern: /\b(glpat-[\w-]{20,})/g },
  // docs.npmjs.com, about access tokens.
  { name: 'npm-token', pattern: /\b(npm_[A-Za-z0-9]{36})\b/g },
  // api.slack.com, token types; and incoming webhooks, whose address is the secret.
  { name: 'slack-token', pattern: /\b(xox[abeoprs]-[\w-]{10,})/g },
  { name: 'slack-webhook', pattern: /hooks\.slack\.com\/services\/(T\w{6,}\/B\w{6,}\/\w{16,})/g },
  // docs.stripe.com, API keys.
  { name: 'stripe-key', pattern: /\b((?:sk|rk)_live_[A-Za-z0-9]{16,})\b/g },
  // cloud.google.com, API keys.
  { name: 'google-key', pattern: /\b(AIza[\w-]{35})(?![\w-])/g },
  // RFC 7519: header and payload begin with `{"`.
  { name: 'jwt', pattern: /\b(eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,})/g },
  // laravel.com, encryption: the application key.
  { name: 'app-key', pattern: /base64:([A-Za-z0-9+/]{43}=)/g, minEntropyBits: 4 },
  // RFC 3986, 3.2.1: a password in an address.
  { name: 'password-in-url', pattern: /\b[a-z][a-z0-9+.-]+:\/\/[^\s/:@'"`$<{]+:([^\s/:@'"`$<{]{6,})@/g },
  {
    name: 'assignment',
    pattern:
      /\b\w*(?:password|passwd|secret|token|api_?key|private_?key)["']?\s*[:=]\s*["']([^"'\s$<{]{16,})["']/gi,
    minEntropyBits: 3.7,
  },
];
