import { createHash } from 'node:crypto';
import type { RunReport } from '../types.ts';
import { checksSection } from './checks.ts';
import { commandsSection, dataSection, notesSection, proofSection } from './data.ts';
import { formatOf } from './format.ts';
import { Html, html } from './html.ts';
import type { Voice } from './section.ts';
import { STYLE } from './style.ts';
import { timelineSection } from './timeline.ts';
import { trafficSections } from './traffic.ts';
import { failureSection, runFacts, verdictBanner, verdictText } from './verdict.ts';
import { type Language, wordsOf } from './words.ts';

/**
 * One self-contained file: no script, no request to anywhere, which its policy also forbids; its style is let
 * through by its hash. Pure: the same report gives the same bytes.
 */
export function renderPage(report: RunReport, language: Language): string {
  const voice: Voice = { words: wordsOf(language), format: formatOf(language) };
  const title = voice.words.reportOf(report.command);
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>OMPAY · ${verdictText(report, voice)}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header><p class="brand">OMPAY</p><h1>${title}</h1><p class="run"><code>${report.run}</code></p></header>
<main>
${verdictBanner(report, voice)}
${runFacts(report, voice)}
${failureSection(report, voice)}
${trafficSections(report, voice)}
${checksSection(report, voice)}
${timelineSection(report, voice)}
${dataSection(report, voice)}
${notesSection(report, voice)}
${proofSection(report, voice)}
${commandsSection(report, voice)}
</main>
<footer>${voice.words.footer(report.schema)}</footer>
</body>
</html>
`;
  return page.text;
}

/** CSP level 2, "hash usage for style elements". The empty icon keeps browsers from asking for one. */
function policy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'`;
}
