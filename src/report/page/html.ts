/** Text that is HTML already. Only `html` makes it, so what comes from outside is always escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlValue = Html | string | number | null | readonly HtmlValue[];

/** A template whose values are escaped, for content and for attributes in double quotes alike; null gives nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const text = parts.map(
    (part, index) => `${part}${index < values.length ? textOf(values[index] ?? null) : ''}`,
  );
  return new Html(text.join(''));
}

function textOf(value: HtmlValue): string {
  if (value === null) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escaped(String(value));
  return value.map(textOf).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Control characters are shown by their picture (U+2400 block), as no form of HTML may hold them; and marks that
 * turn the direction of text are taken out, as they make a name look like another.
 */
function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, '')
    .replace(/\p{Cc}/gu, pictured);
}

function pictured(control: string): string {
  const code = control.charCodeAt(0);
  if (control === '\t' || control === '\n') return control;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\uFFFD';
}
