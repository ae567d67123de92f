import { located } from '../../core/yaml-lines.ts';
import { defineKind } from '../kind.ts';
import { fail, pass, unknown } from '../types.ts';

interface WantedAlert {
  readonly alert: string;
  readonly above?: number;
  readonly below?: number;
}

interface Fields {
  readonly file: string;
  readonly alerts: readonly WantedAlert[];
}

/** The alerts are written, in Prometheus' format, with their thresholds and with metrics that the API really has. */
export const alertRules = defineKind<Fields>({
  kind: 'alert-rules',
  schema: {
    file: { type: 'string', minLength: 1 },
    alerts: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        properties: { alert: { type: 'string' }, above: { type: 'number' }, below: { type: 'number' } },
        required: ['alert'],
        additionalProperties: false,
      },
    },
  },
  look: async ({ file, alerts }, sources) => {
    const text = await sources.text(file);
    if (text === undefined)
      return unknown(`${file} is not in this folder`, 'run it from the whole repository');
    const { value, faults } = located(text);
    const rules = rulesIn(value);
    const known = new Set(await sources.metricNames());
    const problems = [
      ...faults,
      ...alerts.flatMap((wanted) => problemsOf(wanted, rules)),
      ...rules.flatMap((rule) => unknownMetrics(rule, known)),
    ];
    if (problems.length > 0)
      return fail(problems.join('; '), 'every alert with its threshold', `edit ${file}`);
    return pass(`${alerts.map(({ alert }) => alert).join(', ')} are in ${file}`);
  },
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  /** Has its metrics from elsewhere than the API. */
  readonly exporter: boolean;
}

/** Of every group; what has another form is no rule. */
function rulesIn(value: unknown): readonly Rule[] {
  return listIn(value, 'groups')
    .flatMap((group) => listIn(group, 'rules'))
    .flatMap((rule) => {
      const { alert, expr, labels } = fieldsOf(rule);
      if (typeof alert !== 'string' || typeof expr !== 'string') return [];
      return [{ alert, expr, exporter: fieldsOf(labels).exporter !== undefined }];
    });
}

function problemsOf(wanted: WantedAlert, rules: readonly Rule[]): readonly string[] {
  const named = rules.filter(({ alert }) => alert === wanted.alert);
  if (named.length === 0) return [`${wanted.alert} is missing`];
  const threshold = wanted.above === undefined ? `< ${wanted.below}` : `> ${wanted.above}`;
  return named
    .filter(
      ({ expr }) =>
        expr
          .trim()
          .match(/[<>]=? *[\d.e+-]+$/)?.[0]
          .replace(/ +/, ' ') !== threshold,
    )
    .map(({ expr }) => `${wanted.alert} does not end with ${threshold}: ${expr.trim().slice(-60)}`);
}

function unknownMetrics({ alert, expr, exporter }: Rule, known: ReadonlySet<string>): readonly string[] {
  const own = expr.match(/\bompay_\w+/g) ?? [];
  if (own.length === 0 && !exporter) return [`${alert} names no metric of the API, and no exporter`];
  return own
    .filter((name) => !known.has(name))
    .map((name) => `${alert} names ${name}, which /metrics has not`);
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = fieldsOf(value)[name];
  return Array.isArray(list) ? list : [];
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
