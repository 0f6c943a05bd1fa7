/** Times and sizes, as the library writes them; the same in every language. */

/** @param {number} value Three digits that count. */
const three = (value) => String(Number(value.toPrecision(3)));

/** @param {number} seconds */
export function duration(seconds) {
  if (seconds < 1e-3) return `${three(1e6 * seconds)} µs`;
  if (seconds < 1) return `${three(1e3 * seconds)} ms`;
  if (seconds < 60) return `${three(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  if (minutes < 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(Math.round(seconds / 60) / 60)} h ${Math.round(seconds / 60) % 60} min`;
}

/** @param {number} bytes */
export function bytes(bytes) {
  for (const [unit, size] of /** @type {[string, number][]} */ ([['TB', 1e12], ['GB', 1e9], ['MB', 1e6], ['kB', 1e3]])) {
    if (bytes >= size) return `${three(bytes / size)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** Of elapsed time, which changes: whole seconds. @param {number} seconds */
export const clock = (seconds) => (seconds < 0.5 ? '0 s' : duration(seconds < 60 ? Math.round(seconds) : seconds));
