import { expect, test } from 'vitest';
import { junitXml } from '../../src/check/junit.ts';
import { fail, type Judged, pass, type Severity, unknown, type Verdict } from '../../src/check/types.ts';

const NASTY = `<b a="1">'&' ]]> \u0000\u001b[31m é \u{1f600} \ud800 tab\there\nline`;

function judged(id: string, verdict: Verdict, severity: Severity = 'block'): Judged {
  const title = { fr: `Titre ${id} ${NASTY}`, en: `Title ${id}` };
  return {
    checklist: 'deploy',
    check: { id, title, why: title, severity, probes: [] },
    verdict,
    durationMs: 1500,
  };
}

const ALL = [
  judged('a', pass(NASTY)),
  judged('b', fail(NASTY, 'none', 'look')),
  judged('c', unknown(NASTY, 'look')),
  judged('d', { kind: 'waived', by: NASTY, reason: 'x', until: 'then', observed: 'y' }),
  judged('e', fail('slow', 'fast', 'look'), 'warn'),
];

const TEXT =
  '(?:[^<>&"\\u0000-\\u001f\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff]|&(?:amp|lt|gt|quot|apos|#10|#9);)*';
const CASE = `    <testcase classname="${TEXT}" name="${TEXT}" time="[\\d.]+">(?:<system-out>${TEXT}</system-out>|<(?:failure|skipped) message="${TEXT}"/>)</testcase>\\n`;
const DOCUMENT = new RegExp(
  `^<\\?xml version="1.0" encoding="UTF-8"\\?>\\n<testsuites>\\n(?:  <testsuite name="${TEXT}" tests="\\d+" failures="\\d+" skipped="\\d+">\\n(?:${CASE})*  </testsuite>\\n)*</testsuites>\\n$`,
);

test('whatever the texts hold, it is well-formed XML of the expected form', () => {
  expect(junitXml(ALL, { environment: 'local', language: 'fr' })).toMatch(DOCUMENT);
  expect(junitXml([], { environment: 'local', language: 'fr' })).toMatch(DOCUMENT);
});

test('what blocks is a failure; what is unknown, waived or only warns is skipped', () => {
  const local = junitXml(ALL, { environment: 'local', language: 'en' });
  expect(local).toContain('<testsuite name="deploy" tests="5" failures="1" skipped="3">');
  expect(local).toContain('classname="deploy.b" name="Title b" time="1.500"><failure message="');
  expect(junitXml(ALL, { environment: 'production', language: 'en' })).toContain('failures="2" skipped="2"');
});

test('titles come in the language that is asked for', () => {
  expect(junitXml(ALL, { environment: 'local', language: 'fr' })).toContain(
    'name="Titre a &lt;b a=&quot;1&quot;&gt;',
  );
});
