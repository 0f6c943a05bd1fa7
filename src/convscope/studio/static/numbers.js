/** Numbers as people read them; the same in every language. */

/**
 * At most four digits that count; whole numbers as they are.
 * @param {number} value @returns {string}
 */
export function shown(value) {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e6) text = String(size);
  else if (size >= 1e6 || size < 1e-4) text = size.toExponential(1).replace('e+', 'e');
  else text = String(Number(size.toPrecision(4)));
  text = text.replace('e-', 'e−');
  return value < 0 ? `−${text}` : text;
}

/** As short as fits a cell of a grid. @param {number} value @returns {string} */
export function short(value) {
  if (!Number.isFinite(value)) return shown(value);
  if (Number.isInteger(value) && Math.abs(value) < 1000) return shown(value);
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(0).replace('e+', 'e').replaceAll('-', '−');
  return (size >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)))).replace('-', '−');
}

/** A number that is added, with its sign in front of it. @param {number} value @returns {string} */
export function signed(value) {
  return value < 0 ? `− ${shown(-value)}` : `+ ${shown(value)}`;
}

/** What a person types, also as a fraction such as 1/9; null where it is no number. @param {string} text */
export function read(text) {
  const found = text.trim().replace('−', '-').match(/^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?:\/(\d+\.?\d*))?$/i);
  if (!found) return null;
  const value = Number(found[1]) / (found[2] === undefined ? 1 : Number(found[2]));
  return Number.isFinite(value) ? value : null;
}
