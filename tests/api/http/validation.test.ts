import { expect, test } from 'vitest';
import { validationError } from '../../../src/api/http/validation.ts';

function problem(keyword: string, instancePath: string, params: Record<string, unknown>) {
  return { keyword, instancePath, params, schemaPath: '', message: '' };
}

test('each problem is told at its field, in both languages', () => {
  const { fields } = validationError([
    problem('required', '', { missingProperty: 'nom' }),
    problem('minimum', '/amount', { limit: 100 }),
    problem('type', '/amount', { type: 'integer' }),
    problem('enum', '/sexe', { allowedValues: ['Homme', 'Femme'] }),
    problem('pattern', '/surnom', {}),
    problem('type', '', { type: 'object' }),
  ]);
  expect(fields).toEqual({
    nom: [{ fr: 'Ce champ est obligatoire.', en: 'This field is required.' }],
    amount: [
      { fr: 'La valeur minimale est 100.', en: 'The least value is 100.' },
      {
        fr: 'Un nombre entier de francs, sans guillemets ni décimales.',
        en: 'A whole number of francs, without quotes or decimals.',
      },
    ],
    sexe: [{ fr: 'Valeurs permises : Homme,Femme.', en: 'Allowed values: Homme,Femme.' }],
    surnom: [{ fr: "Ce champ n'a pas la bonne forme.", en: 'This field is malformed.' }],
    body: [{ fr: "Ce champ n'a pas la bonne forme.", en: 'This field is malformed.' }],
  });
});
