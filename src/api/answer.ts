import { API_ERRORS, ApiError, type ApiErrorName, type FieldProblems } from './errors.ts';
import { inLanguage, type Language, type Parameters, type Sentence } from './language.ts';

export const JSON_TYPE = 'application/json; charset=utf-8';
/** RFC 9457. */
export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** How this client wants to read: its language, and whether errors are RFC 9457 problems. */
export interface Reader {
  readonly language: Language;
  readonly problems: boolean;
  readonly requestId: string;
}

/** What an environment under development is told besides. */
export interface Extra {
  readonly debug?: string;
}

export interface RenderedAnswer {
  readonly statusCode: number;
  readonly body: string;
}

export function successBody(message: Sentence, data: unknown, reader: Reader): string {
  return JSON.stringify({ success: true, message: inLanguage(message, reader.language), data });
}

/** An error in the client's format and language; both formats carry the same information. */
export function renderError(error: ApiError, reader: Reader, extra: Extra = {}): RenderedAnswer {
  const entry = API_ERRORS[error.errorName];
  const message = inLanguage(entry, reader.language, error.parameters);
  const identity =
    error.fields === null
      ? { error_code: entry.number }
      : { errors: fieldMessages(error.fields, reader.language) };
  const shared = { ...identity, code: entry.code, request_id: reader.requestId, ...extra };
  const body = reader.problems
    ? { ...problemOf(entry), detail: message, ...shared }
    : { success: false, message, ...shared };
  return { statusCode: entry.status, body: JSON.stringify(body) };
}

/** RFC 9457, 3.1: the title belongs to the kind of problem, the detail to this occurrence. */
function problemOf(entry: (typeof API_ERRORS)[ApiErrorName]): Readonly<Record<string, string | number>> {
  return {
    type: `urn:ompay:erreur:${entry.code}`,
    title: entry.code.replaceAll('_', ' '),
    status: entry.status,
  };
}

export function renderRefusal(
  errorName: ApiErrorName,
  parameters: Parameters,
  reader: Reader,
): RenderedAnswer {
  return renderError(new ApiError(errorName, { parameters }), reader);
}

/** Stored answers are bytes alone: their first key tells in which format they were written. */
export function contentTypeOf(body: string): string {
  return body.startsWith('{"type":') ? PROBLEM_TYPE : JSON_TYPE;
}

function fieldMessages(
  fields: FieldProblems,
  language: Language,
): Readonly<Record<string, readonly string[]>> {
  const messages: Record<string, readonly string[]> = {};
  for (const [field, sentences] of Object.entries(fields)) {
    messages[field] = sentences.map((sentence) => inLanguage(sentence, language));
  }
  return messages;
}
