import { type Html, type HtmlValue, html } from './html.ts';

/** The drawing's width; each chart is drawn twice, as letters that shrink with the screen cannot be read. */
export const WIDTHS = { wide: 760, narrow: 340 } as const;
export type Size = keyof typeof WIDTHS;

/** Where the curves are, inside the margins for the words. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function frameOf(size: Size): Frame {
  const width = WIDTHS[size];
  return { width, height: 230, left: 46, right: width - 12, top: 26, bottom: 186 };
}

export interface Scale {
  readonly min: number;
  readonly max: number;
}

export function xAt({ left, right }: Frame, { min, max }: Scale, value: number): number {
  return round(left + ((value - min) / (max - min || 1)) * (right - left));
}

export function yAt({ top, bottom }: Frame, max: number, value: number): number {
  return round(bottom - (value / (max || 1)) * (bottom - top));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** About `count` round steps (1, 2 or 5 and noughts) from 0 to the first that is not below `max`. */
export function niceTicks(max: number, count: number): number[] {
  const step = niceStep(Math.max(max, Number.EPSILON) / count);
  const steps = Math.max(1, Math.ceil(max / step - 1e-9));
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

export function niceStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const unit = [1, 2, 5, 10].find((each) => each * power >= raw * (1 - 1e-9)) ?? 10;
  return unit * power;
}

/** The whole drawing, in both widths; `draw` draws what is inside. */
export function chart(alt: string, draw: (frame: Frame, size: Size) => HtmlValue): Html {
  return html`${(['wide', 'narrow'] as const).map((size) => {
    const frame = frameOf(size);
    return html`<svg class="chart ${size}" viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${alt}">${draw(frame, size)}</svg>
`;
  })}`;
}

/** Lines across, with their values at the left and the unit above. */
export function yAxis(
  frame: Frame,
  ticks: readonly number[],
  { unit, shown }: { readonly unit: string; readonly shown: (value: number) => string },
): Html {
  const max = ticks.at(-1) ?? 1;
  return html`<text class="unit" x="4" y="12">${unit}</text>${ticks.map((tick) => {
    const y = yAt(frame, max, tick);
    return html`<line class="${tick === 0 ? 'axis' : 'grid'}" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/><text class="tick" x="${frame.left - 6}" y="${y + 4}" text-anchor="end">${shown(tick)}</text>`;
  })}`;
}

/** Marks below with their words, and what they count. */
export function xAxis(
  frame: Frame,
  marks: readonly { readonly x: number; readonly words: string }[],
  name: string,
): Html {
  const middle = (frame.left + frame.right) / 2;
  return html`${marks.map(
    ({ x, words }) =>
      html`<line class="axis" x1="${x}" x2="${x}" y1="${frame.bottom}" y2="${frame.bottom + 4}"/><text class="tick" x="${x}" y="${frame.bottom + 18}" text-anchor="middle">${words}</text>`,
  )}<text class="unit" x="${middle}" y="${frame.height - 6}" text-anchor="middle">${name}</text>`;
}

/** The moment of the switch. */
export function switchLine(frame: Frame, x: number, word: string): Html {
  const anchor = x > frame.right - 60 ? 'end' : x < frame.left + 60 ? 'start' : 'middle';
  return html`<line class="moment" x1="${x}" x2="${x}" y1="${frame.top - 8}" y2="${frame.bottom}"/><text class="moment" x="${x}" y="${frame.top - 13}" text-anchor="${anchor}">${word}</text>`;
}

/** What a class of the drawing means. */
export function legend(entries: readonly { readonly name: string; readonly swatch: string }[]): Html {
  return html`<ul class="legend">${entries.map(
    ({ name, swatch }) =>
      html`<li><svg viewBox="0 0 26 12" aria-hidden="true">${
        swatch.startsWith('line')
          ? html`<line class="${swatch}" x1="1" x2="25" y1="6" y2="6"/>`
          : html`<rect class="${swatch}" x="1" y="1" width="24" height="10"/>`
      }</svg>${name}</li>`,
  )}</ul>`;
}
