import { hasPassed, type RestoredCopy, type RestoreTest } from '../../core/restore-test.ts';
import { renderDocument } from '../page/document.ts';
import { type Format, formatOf } from '../page/format.ts';
import { type Html, html } from '../page/html.ts';
import { factList, section } from '../page/section.ts';
import type { Language } from '../page/words.ts';
import { FRENCH_CHECKS, type RestoreTestWords, restoreTestWords } from './words.ts';

/** What makes the page a record: where the signed file is, and what it is signed with. */
export interface RestoreTestSeal {
  readonly by: string;
  readonly path: string;
  /** SHA-256, hex. */
  readonly hash: string;
  /** ed25519, base64. */
  readonly signature: string;
  /** PEM. */
  readonly publicKey: string;
}

interface Voice {
  readonly language: Language;
  readonly words: RestoreTestWords;
  readonly format: Format;
}

/** The page of one restore test for auditors. Pure: the same test gives the same bytes. */
export function renderRestoreTest(test: RestoreTest, seal: RestoreTestSeal, language: Language): string {
  const voice: Voice = { language, words: restoreTestWords(language), format: formatOf(language) };
  const { words } = voice;
  const { restored } = test;
  return renderDocument({
    language,
    title: `OMPAY · ${verdictText(test, words)}`,
    heading: words.heading,
    id: test.id,
    main: [
      banner(test, words),
      html`<p>${words.meaning}</p>`,
      facts(test, seal, voice),
      test.problem === ''
        ? null
        : section('failure', words.failureTitle, html`<p><span lang="en">${test.problem}</span></p>`),
      restored === null ? null : targets(test, restored, voice),
      restored === null ? null : steps(restored, voice),
      restored === null ? null : checks(restored, voice),
      proof(seal, words),
    ],
    footer: words.footer,
  });
}

function verdictText(test: RestoreTest, words: RestoreTestWords): string {
  if (test.outcome === 'failed') return words.failed;
  return hasPassed(test) ? words.passed : words.proven;
}

function banner(test: RestoreTest, words: RestoreTestWords): Html {
  const kinds = { passed: ['good', '✓'], proven: ['warn', '!'], failed: ['bad', '✗'] } as const;
  const kind = test.outcome === 'failed' ? 'failed' : hasPassed(test) ? 'passed' : 'proven';
  const [style, sign] = kinds[kind];
  return html`<div class="verdict ${style}"><span class="sign">${sign}</span><strong>${verdictText(test, words)}</strong></div>`;
}

function facts(test: RestoreTest, { by }: RestoreTestSeal, { words, format }: Voice): Html {
  const { restored, offsite, immutable } = test;
  const place = `${test.store} (${offsite ? words.offsite : words.onSite}, ${immutable ? words.locked : words.notLocked})`;
  return factList([
    { name: words.store, value: place },
    { name: words.at, value: format.time(test.at) },
    { name: words.by, value: by },
    { name: words.site, value: test.site },
    { name: words.backup, value: restored === null ? null : html`<code>${restored.backup}</code>` },
    { name: words.takenAt, value: restored === null ? null : format.time(restored.backupStartedAt) },
    { name: words.size, value: restored === null ? null : format.size(restored.sizeBytes) },
    { name: words.server, value: restored?.serverVersion ?? null },
    { name: words.point, value: pointText(restored?.point ?? null, { words, format }) },
  ]);
}

function pointText(point: RestoredCopy['point'], { words, format }: Omit<Voice, 'language'>): Html | null {
  if (point === null) return null;
  const told = words.pointText(format.time(point.committedAt), format.number(point.transactions));
  return html`${told}<br><code>${point.gtid}</code>`;
}

function targets(test: RestoreTest, restored: RestoredCopy, { words, format }: Voice): Html {
  const rows = [
    { name: words.rpo, seenMs: restored.rpoMs, mostMs: test.targets.rpoMs },
    { name: words.rto, seenMs: restored.rtoMs, mostMs: test.targets.rtoMs },
  ].map(({ name, seenMs, mostMs }) => {
    const isMet = seenMs <= mostMs;
    const mark = html`<span class="${isMet ? 'good' : 'wrong'}">${isMet ? words.met : words.missed}</span>`;
    return html`<tr><th scope="row">${name}</th><td>${format.duration(seenMs)}</td><td>≤ ${format.duration(mostMs)}</td><td>${mark}</td></tr>\n`;
  });
  return section(
    'targets',
    words.targetsTitle,
    html`<table class="comparison"><thead><tr><th></th><th scope="col">${words.measured}</th><th scope="col">${words.target}</th><th scope="col">${words.verdict}</th></tr></thead><tbody>
${rows}</tbody></table>
<p class="faint">${words.method}</p>`,
  );
}

function steps({ fetchMs, startMs, proveMs, point }: RestoredCopy, { words, format }: Voice): Html {
  const rows = [
    { name: words.fetch, ms: fetchMs },
    { name: words.start, ms: startMs },
    ...(point === null ? [] : [{ name: words.replay, ms: point.replayMs }]),
    { name: words.prove, ms: proveMs },
  ].map(({ name, ms }) => html`<tr><th scope="row">${name}</th><td>${format.duration(ms)}</td></tr>\n`);
  return section('steps', words.stepsTitle, html`<table class="comparison"><tbody>\n${rows}</tbody></table>`);
}

function checks({ checks: asked }: RestoredCopy, { words, language }: Voice): Html {
  const badge = { pass: 'pass', fail: 'fail', absent: 'unknown' } as const;
  const rows = asked.map(({ name, verdict, why }) => {
    const shown = language === 'fr' ? (FRENCH_CHECKS[name] ?? name) : name;
    const reason = why === '' ? null : html`<p class="wrong"><span lang="en">${why}</span></p>`;
    return html`<li><span class="badge ${badge[verdict]}">${words.checkVerdict[verdict]}</span><div><p>${shown}</p>${reason}</div></li>\n`;
  });
  return section('checks', words.checksTitle, html`<ul class="checks">\n${rows}</ul>`);
}

function proof({ path, hash, signature, publicKey }: RestoreTestSeal, words: RestoreTestWords): Html {
  const list = factList([
    { name: words.record, value: html`<code>${path}</code>` },
    { name: words.hash, value: html`<code class="hash">${hash}</code>` },
    { name: words.signature, value: html`<code class="hash">${signature}</code>` },
    { name: words.key, value: html`<code class="hash">${publicKey}</code>` },
  ]);
  return section('proof', words.proofTitle, html`${list}<p class="faint">${words.howToCheck}</p>`);
}
