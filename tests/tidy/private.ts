import type { Violation } from './violation.ts';

/** What belongs to one machine or network and not to the project. */
const PRIVATE: readonly RegExp[] = [
  /(?<![\w.$}])\/(?:home|root|Users|work)\/[\w.-]+/,
  // A lock file with addresses would send everyone to the registry of the one who wrote it.
  /"resolved": "https?:/,
  /\bregistry\s*=\s*https?:/,
];

export function nothingIsPrivate(path: string, text: string): Violation[] {
  return text.split('\n').flatMap((line, index) =>
    PRIVATE.filter((pattern) => pattern.test(line)).map((pattern) => ({
      path,
      line: index + 1,
      what: `holds what belongs to one machine: ${pattern.exec(line)?.[0]}`,
    })),
  );
}
