import type { RunReport } from '../types.ts';
import { checksSection } from './checks.ts';
import { commandsSection, dataSection, notesSection, proofSection } from './data.ts';
import { renderDocument } from './document.ts';
import { formatOf } from './format.ts';
import type { Voice } from './section.ts';
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
  return renderDocument({
    language,
    title: `OMPAY · ${verdictText(report, voice)}`,
    heading: voice.words.reportOf(report.command),
    id: report.run,
    main: [
      verdictBanner(report, voice),
      runFacts(report, voice),
      failureSection(report, voice),
      trafficSections(report, voice),
      checksSection(report, voice),
      timelineSection(report, voice),
      dataSection(report, voice),
      notesSection(report, voice),
      proofSection(report, voice),
      commandsSection(report, voice),
    ],
    footer: voice.words.footer(report.schema),
  });
}
