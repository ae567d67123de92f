import { isoTime } from '../../../core/clock.ts';
import { userView } from '../../accounts/holders.ts';
import { toE164 } from '../../accounts/phone.ts';
import { register } from '../../accounts/register.ts';
import { refusedFor } from '../../errors.ts';
import { readerOf } from '../../http/request.ts';
import { defineRoute } from '../../http/route.ts';
import { fieldsError } from '../../http/validation.ts';
import type { Sentence } from '../../language.ts';
import { envelope, USER } from '../../schemas/answers.ts';
import { CNI, NAME, PASSWORD, PHONE } from '../../schemas/fields.ts';
import { NO_REQUEST, strictObject } from '../../schemas/json.ts';
import { SAID } from '../../sentences.ts';

const PASSWORDS_DIFFER: Sentence = {
  fr: 'La confirmation ne correspond pas au mot de passe.',
  en: 'The confirmation does not match the password.',
};
const NOT_PAST: Sentence = { fr: 'Une date passée, depuis 1900.', en: 'A past date, since 1900.' };

export const registerRoute = defineRoute(
  {
    id: 'register',
    method: 'POST',
    path: '/api/auth/register',
    summary: 'Registers a customer or a merchant; an activation code is sent by SMS.',
    secured: false,
    rate: 'auth',
    idempotent: false,
    body: {
      type: 'object',
      properties: {
        nom: NAME,
        prenom: NAME,
        telephone: PHONE,
        password: PASSWORD,
        password_confirmation: { type: 'string', maxLength: 128 },
        cni: CNI,
        sexe: { type: 'string', enum: ['Homme', 'Femme'] },
        date_naissance: { type: 'string', format: 'date', examples: ['1990-05-14'] },
        type_compte: { type: 'string', enum: ['simple', 'marchand'] },
      },
      required: [
        'nom',
        'prenom',
        'telephone',
        'password',
        'password_confirmation',
        'cni',
        'sexe',
        'date_naissance',
        'type_compte',
      ],
    },
    query: NO_REQUEST,
    success: { status: 201, mediaType: 'application/json', schema: envelope(strictObject({ user: USER })) },
    errors: ['phoneTaken', 'cniTaken', 'overloaded'],
  },
  async (request, services) => {
    const { body } = request;
    const telephone = toE164(body.telephone);
    const state = await services.rates.hit('number', telephone);
    if (!state.allowed) throw refusedFor('rateLimited', state.resetMs);
    if (body.password !== body.password_confirmation) {
      throw fieldsError({ password_confirmation: [PASSWORDS_DIFFER] });
    }
    const today = isoTime(services.clock.now()).slice(0, 10);
    if (body.date_naissance >= today || body.date_naissance < '1900') {
      throw fieldsError({ date_naissance: [NOT_PAST] });
    }
    const { nom, prenom, sexe, date_naissance } = body;
    const user = await register(services, {
      user: { nom, prenom, telephone, cni: body.cni.toUpperCase(), sexe, date_naissance },
      password: body.password,
      kind: body.type_compte === 'marchand' ? 'merchant' : 'customer',
      language: readerOf(request).language,
    });
    return { kind: 'data', message: SAID.registered, data: { user: userView(user) } };
  },
);
