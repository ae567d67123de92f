import type { KnownRelease } from '../types.ts';
import type { Language } from './words.ts';

/** CLDR's own marks and months, by hand: Intl takes 80 ms to make its formats, a tenth of a rollback. */
interface Marks {
  readonly group: string;
  readonly decimal: string;
  readonly percent: string;
  readonly at: string;
  readonly months: readonly string[];
}

const MARKS: Readonly<Record<Language, Marks>> = {
  fr: {
    group: '\u202f',
    decimal: ',',
    percent: '\u00a0%',
    at: 'à',
    months: wordsOf('janvier février mars avril mai juin juillet août septembre octobre novembre décembre'),
  },
  en: {
    group: ',',
    decimal: '.',
    percent: '%',
    at: 'at',
    months: wordsOf('January February March April May June July August September October November December'),
  },
};

function wordsOf(text: string): readonly string[] {
  return text.split(' ');
}

/** Numbers, times and durations as a language writes them. */
export interface Format {
  /** At most one decimal below 100, none above. */
  number(value: number): string;
  /** `22 novembre 2026 à 20:02:20 UTC`. UTC is also the time of Dakar. */
  time(iso: string): string;
  duration(ms: number): string;
  percent(share: number): string;
  size(sizeBytes: number): string;
}

export function formatOf(language: Language): Format {
  const marks = MARKS[language];
  const plain = (value: number, decimals: number): string => numberText(value, decimals, marks);
  const number = (value: number): string => plain(value, decimalsOf(value));
  return {
    number,
    time: (iso) => timeText(iso, marks),
    duration: (ms) => durationText(ms, plain),
    percent: (share) => `${plain(share * 100, 2)}${marks.percent}`,
    size: (sizeBytes) => sizeText(sizeBytes, number, language === 'fr' ? 'o' : 'B'),
  };
}

/** At most so many decimals, none that is zero at the end. */
function numberText(value: number, decimals: number, { group, decimal }: Marks): string {
  const [whole = '', rest = ''] = value.toFixed(decimals).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
  const fraction = rest.replace(/0+$/, '');
  return fraction === '' ? grouped : `${grouped}${decimal}${fraction}`;
}

function decimalsOf(value: number): number {
  if (Math.abs(value) >= 100) return 0;
  return Math.abs(value) < 1 ? 2 : 1;
}

function timeText(iso: string, { at, months }: Marks): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  const day = `${time.getUTCDate()} ${months[time.getUTCMonth()]} ${time.getUTCFullYear()}`;
  return `${day} ${at} ${time.toISOString().slice(11, 19)} UTC`;
}

function durationText(ms: number, plain: (value: number, decimals: number) => string): string {
  if (ms < 1) return `${plain(ms * 1000, 0)} µs`;
  if (ms < 1000) return `${plain(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${plain(ms / 1000, 1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Decimal units, as disks are sold. */
function sizeText(sizeBytes: number, number: (value: number) => string, byte: string): string {
  const prefixes = ['', 'k', 'M', 'G', 'T'];
  const power = Math.min(prefixes.length - 1, Math.floor(Math.log10(Math.max(1, sizeBytes)) / 3));
  return `${number(sizeBytes / 1000 ** power)} ${prefixes[power]}${byte}`;
}

/** A release for a sentence; null when it is none or not known. */
export function releaseText(release: KnownRelease | null): string | null {
  if (release?.state !== 'release') return null;
  return release.version === null ? release.id : `${release.id} (${release.version})`;
}
