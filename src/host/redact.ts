import type { Secret } from '../core/secret.ts';
import type { Shell } from '../shell/line.ts';

/** Shorter values occur by chance, and would make any output unreadable. */
const MIN_SECRET_CHARACTERS = 4;

/** Masks secrets in text that comes in pieces, also when a piece ends in the middle of one. */
export class Redactor {
  readonly #pattern: RegExp | undefined;
  readonly #longest: number;
  #held = '';

  constructor(secrets: readonly Secret[]) {
    const values = [...new Set(secrets.map((secret) => secret.reveal()))]
      .filter((value) => value.length >= MIN_SECRET_CHARACTERS)
      // Of two that begin alike, the longer is the one that is meant.
      .toSorted((a, b) => b.length - a.length);
    this.#longest = values[0]?.length ?? 0;
    this.#pattern = values.length === 0 ? undefined : new RegExp(values.map(literally).join('|'), 'g');
  }

  /** What can be told already; the rest is held until more comes. */
  push(text: string): string {
    if (this.#pattern === undefined) return text;
    this.#held += text;
    return this.#mask(this.#pattern, this.#held.length - this.#longest + 1);
  }

  end(): string {
    return this.#pattern === undefined ? '' : this.#mask(this.#pattern, this.#held.length);
  }

  /** Tells what is sure: no secret that begins before `sureCharacters` can still grow. */
  #mask(pattern: RegExp, sureCharacters: number): string {
    let told = '';
    let at = 0;
    for (const match of this.#held.matchAll(pattern)) {
      if (match.index >= sureCharacters) break;
      told += `${this.#held.slice(at, match.index)}***`;
      at = match.index + match[0].length;
    }
    const end = Math.max(at, sureCharacters);
    told += this.#held.slice(at, end);
    this.#held = this.#held.slice(end);
    return told;
  }
}

function literally(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** Output of a line without its secrets. */
export function masked(output: string, line: Shell): string {
  const redactor = new Redactor(line.secrets);
  return redactor.push(output) + redactor.end();
}
