import { expect, test } from 'vitest';
import { inLanguage, languageOf } from '../../src/api/language.ts';

test.each([
  [undefined, 'fr'],
  ['', 'fr'],
  ['de', 'fr'],
  ['en', 'en'],
  ['en-GB,en;q=0.9', 'en'],
  ['fr-SN, en;q=0.8', 'fr'],
  ['fr;q=0.5, en;q=0.8', 'en'],
  ['en, fr', 'fr'],
  ['EN', 'en'],
  ['en;q=0', 'fr'],
  ['en;q=a.b', 'fr'],
])('Accept-Language %j is answered in %s', (header, language) => {
  expect(languageOf(header)).toBe(language);
});

test('parameters stand where the sentence names them', () => {
  const sentence = { fr: '{n} min de {who}', en: '{who}: {n} min' };
  expect(inLanguage(sentence, 'fr', { n: 3, who: 'Awa' })).toBe('3 min de Awa');
  expect(inLanguage(sentence, 'en', { n: 3, who: 'Awa' })).toBe('Awa: 3 min');
});
