/** Times, bytes and shares as people read them, as the library writes them; the same in every language. */
import { shown } from './numbers.js';

const SIZES = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'];
const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];

/** @param {number} value At most three digits that count. */
const three = (value) => shown(Number(value.toPrecision(3)));

/** @param {number} value @param {string[]} units */
function scaled(value, units) {
  let [rest, step] = [value, 0];
  while (Math.abs(rest) >= 999.5 && step < units.length - 1) [rest, step] = [rest / 1000, step + 1];
  return `${three(rest)} ${units[step]}`.trim();
}

/** Bytes in the unit that suits: "1.66 MB". @param {number | null} count */
export const bytes = (count) => (count === null ? '–' : scaled(count, SIZES));

/** A large count with a prefix: "17.2 M". @param {number | null} count */
export const quantity = (count) => (count === null ? '–' : scaled(count, PREFIXES));

/** A share of 1 in per cent. @param {number | null} share @param {number} [digits] */
export const percent = (share, digits = 1) => (share === null ? '–' : `${(100 * share).toFixed(digits)} %`);

/** Seconds in the units that suit: "8.41 ms", "12.3 s", "4 min 10 s", "3 h 20 min". @param {number | null} seconds @returns {string} */
export function duration(seconds) {
  if (seconds === null) return '–';
  if (seconds <= 0) return '0 s';
  if (seconds < 0.9995e-4) return `${three(1e6 * seconds)} µs`;
  if (seconds < 0.9995) return `${three(1000 * seconds)} ms`;
  if (seconds < 99.5) return `${three(seconds)} s`;
  const whole = Math.round(seconds);
  if (seconds < 595) return whole % 60 ? `${Math.floor(whole / 60)} min ${whole % 60} s` : `${whole / 60} min`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}
