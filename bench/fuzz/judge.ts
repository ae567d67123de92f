import type { FuzzRequest } from './requests.ts';

/** An answer as it came. */
export interface FuzzAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Secrecy {
  /** Texts that are other people's: names, numbers, ids, references. */
  readonly secrets: readonly string[];
  /** XOF: this much is other people's. */
  readonly victimXof: number;
}

/** Traces of a program's inside: stack frames, files, drivers, statements. */
const INSIDES: readonly RegExp[] = [
  /\bat .{1,200}:\d+:\d+/,
  /node:internal|node_modules|\/src\/api\/|\.(?:ts|mjs):\d+/,
  /\b(?:kysely|mysql2|sqlstate|errno|ER_[A-Z_]{3,}|ECONN[A-Z]+)\b/i,
  /\b(?:select .{1,200} from|insert into|delete from|update \w+ set) /i,
  /syntax error at|you have an error in your sql/i,
];

/** What is wrong with the answer; nothing when it is right. What the request itself named may be said again. */
export function problemsOfAnswer(
  request: FuzzRequest,
  answer: FuzzAnswer,
  { secrets, victimXof }: Secrecy,
): readonly string[] {
  const said = `${decoded(request.path)} ${request.body ?? ''} ${Object.values(request.headers).join(' ')}`;
  const heard = `${Object.values(answer.headers).flat().join('\n')}\n${answer.body}`;
  const told = secrets.filter((secret) => heard.includes(secret) && !said.includes(secret));
  const inside = INSIDES.filter((pattern) => pattern.test(heard) && !pattern.test(said));
  return [
    ...(answer.status >= 500 ? [`status ${answer.status}`] : []),
    ...told.map((secret) => `tells ${secret}, which is somebody else's`),
    ...inside.map((pattern) => `shows its inside: ${pattern.exec(heard)?.[0]}`),
    ...amountsIn(answer.body)
      .filter((amountXof) => amountXof >= victimXof)
      .map((amountXof) => `tells a balance of ${amountXof}, which is somebody else's`),
    ...(answer.status === 200 && request.as !== 'attacker' && isPrivate(answer.body)
      ? ['answers nobody as somebody']
      : []),
  ];
}

function amountsIn(body: string): readonly number[] {
  return [...body.matchAll(/"solde(?:_client|_reserve)?":(\d+)/g)].map(([, digits]) => Number(digits));
}

function isPrivate(body: string): boolean {
  return /"(?:solde|transactions|numero_compte)"/.test(body) && !body.includes('"openapi"');
}

function decoded(path: string): string {
  try {
    return `${path} ${decodeURIComponent(path)}`;
  } catch {
    return path;
  }
}
