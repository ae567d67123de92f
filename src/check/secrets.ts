import { SECRET_RULES } from '../core/secret-rules.ts';
import type { SourceText } from './sources.ts';

/** Where something that looks like a secret stands; never the secret. */
export interface SecretHit {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
}

/** What looks like a secret in the texts. Pure; about 10 ms a megabyte. */
export function findSecrets(texts: readonly SourceText[]): readonly SecretHit[] {
  return texts.flatMap(({ path, text }) =>
    SECRET_RULES.flatMap(({ name, pattern, minEntropyBits = 0 }) =>
      [...text.matchAll(pattern)]
        .filter(([, secret = '']) => entropyBits(secret) >= minEntropyBits)
        .map(({ index }) => ({ path, line: text.slice(0, index).split('\n').length, rule: name })),
    ),
  );
}

/** Shannon's, bits a character: a word of a language has about 3, random base64 above 4. */
function entropyBits(text: string): number {
  const counts = Map.groupBy(text, (character) => character);
  const shares = [...counts.values()].map(({ length }) => length / text.length);
  return -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}
