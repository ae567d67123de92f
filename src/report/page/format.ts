import type { KnownRelease } from '../types.ts';
import type { Language } from './words.ts';

const LOCALES: Readonly<Record<Language, string>> = { fr: 'fr-FR', en: 'en-GB' };

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
  const locale = LOCALES[language];
  const plain = (value: number, decimals: number): string =>
    new Intl.NumberFormat(locale, { maximumFractionDigits: decimals }).format(value);
  const number = (value: number): string => plain(value, decimalsOf(value));
  return {
    number,
    time: (iso) => timeText(iso, locale),
    duration: (ms) => durationText(ms, plain),
    percent: (share) =>
      new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(share),
    size: (sizeBytes) => sizeText(sizeBytes, number, language === 'fr' ? 'o' : 'B'),
  };
}

function decimalsOf(value: number): number {
  if (Math.abs(value) >= 100) return 0;
  return Math.abs(value) < 1 ? 2 : 1;
}

function timeText(iso: string, locale: string): string {
  const timeMs = Date.parse(iso);
  if (Number.isNaN(timeMs)) return iso;
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'medium', timeZone: 'UTC' });
  return `${format.format(timeMs)} UTC`;
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
