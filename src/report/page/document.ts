import { createHash } from 'node:crypto';
import { Html, type HtmlValue, html } from './html.ts';
import { STYLE } from './style.ts';
import type { Language } from './words.ts';

export interface Document {
  readonly language: Language;
  readonly title: string;
  readonly heading: string;
  /** Of what it is about: a run, a test. */
  readonly id: string;
  /** In their order; null gives nothing, and a line end of its own follows each. */
  readonly main: readonly HtmlValue[];
  readonly footer: string;
}

/**
 * One self-contained file: no script, no request to anywhere, which its policy also forbids; its style is let
 * through by its hash. Pure: the same document gives the same bytes.
 */
export function renderDocument({ language, title, heading, id, main, footer }: Document): string {
  const page = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header><p class="brand">OMPAY</p><h1>${heading}</h1><p class="run"><code>${id}</code></p></header>
<main>
${main.map((part) => html`${part}\n`)}</main>
<footer>${footer}</footer>
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
