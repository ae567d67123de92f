import type { Format } from './format.ts';
import { type Html, type HtmlValue, html } from './html.ts';
import type { Words } from './words.ts';

/** In what language, and how it writes numbers and times. */
export interface Voice {
  readonly words: Words;
  readonly format: Format;
}

/** One part of the page under its own heading; its id is an anchor. */
export function section(id: string, title: string, content: HtmlValue): Html {
  return html`<section id="${id}"><h2>${title}</h2>
${content}
</section>
`;
}

export interface Fact {
  readonly name: string;
  readonly value: HtmlValue;
}

/** Names and their values; those without a value are left out. */
export function factList(facts: readonly Fact[]): Html {
  const known = facts.filter(({ value }) => value !== null);
  return html`<dl class="facts">${known.map(
    ({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`,
  )}</dl>`;
}
