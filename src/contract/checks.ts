import { isDeepStrictEqual } from 'node:util';
import { type Answer, broken, jsonOf } from './http.ts';

/** Counts what was looked at; each look throws `checkBlocked` with what was expected and seen. */
export interface Checks {
  readonly count: () => number;
  /** The answer has the status, and with an error's number, that code too. Gives the answer. */
  status(answer: Answer, status: number, code?: string): Answer;
  equal(what: string, seen: string | number, expected: string | number): void;
  same(what: string, seen: unknown, expected: unknown): void;
}

export function createChecks(): Checks {
  let count = 0;
  const look = (isKept: boolean, what: string, expected: string, seen: string): void => {
    count += 1;
    if (!isKept) throw broken(what, expected, seen);
  };
  return {
    count: () => count,
    status: (answer, status, code) => {
      const seen = code === undefined ? '' : ` ${codeOf(answer)}`;
      const expected = code === undefined ? '' : ` ${code}`;
      look(
        `${answer.status}${seen}` === `${status}${expected}`,
        answer.what,
        `${status}${expected}`,
        `${answer.status} ${codeOf(answer)}`,
      );
      return answer;
    },
    equal: (what, seen, expected) => look(seen === expected, what, String(expected), String(seen)),
    same: (what, seen, expected) =>
      look(isDeepStrictEqual(seen, expected), what, 'what this release was built with', 'something else'),
  };
}

/** The error's stable name; empty in a success. */
function codeOf(answer: Answer): string {
  if (!answer.body.startsWith('{')) return '';
  const json = jsonOf(answer);
  return json.has('code') ? json.text('code') : '';
}
