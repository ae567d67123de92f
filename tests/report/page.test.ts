import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { journalFiles } from '../../src/plan/journal.ts';
import { niceTicks } from '../../src/report/page/axis.ts';
import { html } from '../../src/report/page/html.ts';
import { renderPage } from '../../src/report/page/page.ts';
import type { RunReport } from '../../src/report/types.ts';
import { gatherReport } from '../../src/report/write.ts';
import { checkEvidence } from './checks.ts';
import { goodDeploy, journalled, killedDeploy, rolledBackDeploy, type Timed } from './runs.ts';

async function reportOf(events: readonly Timed[]): Promise<RunReport> {
  return gatherReport(journalled(events));
}

/** The words of a page as they are read, each run of spaces (also narrow ones) as one. */
function wordsIn(page: string): string {
  return page
    .replace(/<style>.*<\/style>/s, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
}

test('a good deploy reads as one sentence, in French and in English', async () => {
  const report = await reportOf(goodDeploy());
  const french = renderPage(report, 'fr');
  expect(french).toContain('<html lang="fr">');
  expect(wordsIn(french)).toContain('Déploiement réussi : la version 9b1e04c7aa30 (0.2.0) sert les clients.');
  const english = renderPage(report, 'en');
  expect(english).toContain('<html lang="en">');
  expect(wordsIn(english)).toContain('Deploy succeeded: release 9b1e04c7aa30 (0.2.0) serves clients.');
  expect(wordsIn(english)).not.toMatch(/Vérifications|Déroulement|bascule|Sauvegarde|avant/);
});

test('a rolled back deploy shows the step, the error, the undo, the numbers and the judgement', async () => {
  const words = wordsIn(renderPage(await reportOf(rolledBackDeploy()), 'fr'));
  for (const said of [
    'Échec, annulé automatiquement : la version 63763e2c0759 (0.1.0) sert les clients.',
    'observer ce que voient les clients switch/observe',
    'the new release is not well: 36 of 1609 requests failed',
    'annulé basculer current.sock vers la nouvelle version 260 ms',
    'La nouvelle version ne se porte pas bien',
    'P95 41.2 ms is 2.1 times the 19.4 ms before',
    'P95 19,4 ms 41,2 ms +112 %',
    'taux d’échec 0 % 2,24 %',
    '1 609, dont 36 en échec',
    'commit e38eadd0c511+changes',
    'signé par Mame Diarra motif répété le 20 novembre, 41 s',
    'dérogation de Ousmane Sy, jusqu’au 5 décembre 2026 à 00:00:00 UTC',
    'conforme 2 · dérogation 1 · inconnu 1',
    'relue, démarrée, et son grand livre prouvé par 14 contrôles',
    '0002, 0003',
    'ompay audit list --run 01M82DMEDT7G8BZ9ENVFF41X14',
    'ompay backup verify 01M82DM-local',
  ])
    expect(words).toContain(said);
});

test('where users are few, the reads of the tool itself are compared in a sentence', async () => {
  const words = wordsIn(renderPage(await reportOf(goodDeploy()), 'fr'));
  expect(words).toContain('leur P95 13 ms, celui de l’ancienne version au même moment 11 ms');
});

test('a killed deploy names the step in which it stopped', async () => {
  const words = wordsIn(renderPage(await reportOf(killedDeploy('before the switch')), 'fr'));
  expect(words).toContain(
    'Arrêté net, sans fin dans le journal : la version 63763e2c0759 (0.1.0) sert les clients.',
  );
  expect(words).toContain('Dernière étape commencée : appliquer les migrations qui manquent migrate/expand');
  expect(words).toContain('Aucune observation n’est enregistrée');
});

const HOSTILE = '</script></style></title><b onmouseover="x">\'"&\u202E\u0007';

test('whatever is said by people, releases and errors is shown, and is never HTML', async () => {
  const events = rolledBackDeploy({ code: HOSTILE, message: HOSTILE, hint: HOSTILE }, 'undo-failed');
  const check = checkEvidence({
    checklist: HOSTILE,
    check: HOSTILE,
    title: { fr: HOSTILE, en: HOSTILE },
    verdict: { kind: 'waived', by: HOSTILE, reason: HOSTILE, until: HOSTILE },
  });
  const note: Timed = {
    event: {
      type: 'note',
      text: HOSTILE,
      data: { releases: { from: { id: HOSTILE, version: HOSTILE, commit: HOSTILE }, to: { id: HOSTILE } } },
    },
  };
  const [start, , ...rest] = events;
  if (start === undefined) throw new Error('no beginning');
  const page = renderPage(await reportOf([start, note, check, ...rest]), 'fr');
  expect(page).not.toContain('<b onmouseover');
  expect(page).not.toContain('</script>');
  expect(page).not.toContain('\u202E');
  expect(page).not.toContain('\u0007');
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(
    page.match(
      /&lt;\/script&gt;&lt;\/style&gt;&lt;\/title&gt;&lt;b onmouseover=&quot;x&quot;&gt;&#39;&quot;&amp;␇/g,
    )?.length,
  ).toBeGreaterThan(8);
});

test('values are escaped in attributes and text; what is HTML already is not escaped twice', () => {
  const inner = html`<i title="${'"'}">${'<'}</i>`;
  expect(html`${[inner, null, 3]}`.text).toBe('<i title="&quot;">&lt;</i>3');
});

test('the page holds no script, loads nothing, and its policy lets through its own style alone', async () => {
  const page = renderPage(await reportOf(goodDeploy()), 'fr');
  const style = /<style>(.*)<\/style>/s.exec(page)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(page).toContain(
    `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; img-src data:;`,
  );
  expect(page).not.toMatch(/<script|<img|<iframe|@import|url\(|\son\w+=|\sstyle=/);
  expect(page.match(/(?:src|href)="[^"]*"/g)).toEqual(['href="data:,"']);
});

test('each chart says in words what it draws', async () => {
  const page = renderPage(await reportOf(rolledBackDeploy()), 'fr').replace(/[\u00A0\u202F]/g, ' ');
  const labels = [...page.matchAll(/role="img" aria-label="([^"]*)"/g)].map(([, label]) => label);
  expect([...new Set(labels)]).toEqual([
    'Histogramme des requêtes par seconde sur 28 secondes : 5 596 requêtes, 36 en échec.',
    'Courbes des percentiles 50, 95 et 99 par seconde. P95 avant la bascule : 19,4 ms ; après : 41,2 ms.',
    'Répartition des durées de réponse, avant et après superposées. P95 avant : 19,4 ms ; après : 41,2 ms.',
  ]);
});

test('one failed request among thousands is seen: its bar is at least 3 high', async () => {
  const data = {
    after: { requests: 5000, failed: 1 },
    perSecond: [{ second: 0, requests: 5000, failed: 1 }],
  };
  const page = renderPage(
    await reportOf([
      ...killedDeploy('while watching'),
      { event: { type: 'evidence', plan: 'switch', step: 'observe', kind: 'observation', data } },
    ]),
    'fr',
  );
  expect(page).toMatch(/<rect class="failed" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="3.0"\/>/);
});

test('what was not measured is said to be absent', async () => {
  const data = { verdict: 'inconclusive', after: { requests: 3, failed: 0 } };
  const words = wordsIn(
    renderPage(
      await reportOf([
        ...killedDeploy('while watching'),
        { event: { type: 'evidence', plan: 'switch', step: 'observe', kind: 'observation', data } },
      ]),
      'fr',
    ),
  );
  expect(words).toContain('Trop peu de données pour conclure');
  expect(words).toContain('Rien n’a été mesuré avant la bascule : il n’y a pas de comparaison.');
  expect(words).toContain('Les valeurs par seconde ne sont pas enregistrées.');
  expect(words).toContain('La répartition des latences n’est pas enregistrée.');
  expect(words).not.toMatch(/NaN|undefined|Infinity|null/);
});

test('where no client sent a request, the page says so instead of empty charts', async () => {
  const none = { requests: 0, failed: 0, histogram: [0, 0, 0] };
  const data = {
    verdict: 'bad',
    reasons: ["P95 of our own requests is 108.8 ms; the old release's was 57.5 ms"],
    baseline: none,
    after: { ...none, requests: 288 },
    bounds: [1, 2],
    perSecond: [{ second: 0, requests: 288, failed: 0 }],
  };
  const page = renderPage(
    await reportOf([
      ...killedDeploy('while watching'),
      { event: { type: 'evidence', plan: 'switch', step: 'observe', kind: 'observation', data } },
    ]),
    'fr',
  );
  expect(page).toContain('Aucune requête de client n’a été chronométrée');
  expect(page).toContain('P95 of our own requests is 108.8 ms');
  expect(page).not.toContain('ne sont pas enregistrées');
});

test('ten minutes of seconds are drawn as bars that can be told apart, and none mixes both releases', async () => {
  const perSecond = Array.from({ length: 600 }, (_, index) => ({
    second: index - 300,
    requests: 10,
    failed: index >= 300 ? 10 : 0,
    p95Ms: 5,
  }));
  const report = await reportOf([
    ...killedDeploy('while watching'),
    {
      event: { type: 'evidence', plan: 'switch', step: 'observe', kind: 'observation', data: { perSecond } },
    },
  ]);
  const wide = /<svg class="chart wide".*?<\/svg>/s.exec(renderPage(report, 'fr'))?.[0] ?? '';
  expect(wide.match(/<rect class="answered"/g)).toHaveLength(120);
  expect(wide.match(/<rect class="failed"/g)).toHaveLength(60);
});

test('a changed journal is the first thing that the page says about its proof', async () => {
  const run = journalled(goodDeploy());
  const { lines } = journalFiles(run.layout);
  writeFileSync(lines, readFileSync(lines, 'utf8').replace('"requests":1609', '"requests":1608'));
  const page = renderPage(await gatherReport(run), 'fr');
  expect(page).toContain('class="verdict bad"');
  expect(wordsIn(page)).toContain('ce rapport ne prouve rien');
});

test.each([
  { max: 0.18, count: 4, ticks: [0, 0.05, 0.1, 0.15, 0.2] },
  { max: 212, count: 4, ticks: [0, 100, 200, 300] },
  { max: 1, count: 4, ticks: [0, 0.5, 1] },
])('an axis up to $max has round steps', ({ max, count, ticks }) => {
  expect(niceTicks(max, count)).toEqual(ticks);
});
