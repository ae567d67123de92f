export type Language = 'fr' | 'en';

/** A sentence in both languages that OMPAY's customers read; `{name}` is replaced by a parameter. */
export interface Sentence {
  readonly fr: string;
  readonly en: string;
}

export type Parameters = Readonly<Record<string, string | number>>;

/** French, unless Accept-Language ranks English above it (RFC 9110, 12.5.4). */
export function languageOf(acceptLanguage: string | undefined): Language {
  const ranges = (acceptLanguage ?? '').toLowerCase().split(',');
  return weightOf(ranges, 'en') > weightOf(ranges, 'fr') ? 'en' : 'fr';
}

function weightOf(ranges: readonly string[], language: Language): number {
  const weights = ranges
    .map((range) => /^\s*([a-z]+)(?:-[a-z0-9-]+)?\s*(?:;\s*q=([0-9.]+))?\s*$/.exec(range))
    .filter((match) => match?.[1] === language)
    .map((match) => Number(match?.[2] ?? '1'));
  return Math.max(0, ...weights);
}

export function inLanguage(sentence: Sentence, language: Language, parameters: Parameters = {}): string {
  return sentence[language].replace(/\{(\w+)\}/g, (_placeholder, name: string) => String(parameters[name]));
}
