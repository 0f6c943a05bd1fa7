/** Small charts as SVG, of at most some thousand marks: axes, and places on them. */
import { html } from './parts.js';

/**
 * @typedef {object} Axis
 * @property {number} low @property {number} high What the ends of the axis stand for.
 * @property {boolean} logarithmic
 * @property {number[]} ticks
 * @property {string} title
 * @property {(value: number) => string} write
 * @property {(value: number) => number} share Where a value lies, from 0 to 1.
 */

/**
 * An axis that holds these values, from a round number to a round number.
 * @param {number[]} values @param {string} title @param {(value: number) => string} write
 * @param {{low?: number, high?: number, logarithmic?: boolean, most?: number}} [options]
 * @returns {Axis}
 */
export function axisOf(values, title, write, { low: least, high: greatest, logarithmic = false, most = 5 } = {}) {
  let low = least ?? values.reduce((a, b) => Math.min(a, b), Infinity);
  let high = greatest ?? values.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!(low <= high)) [low, high] = [logarithmic ? 1 : 0, logarithmic ? 10 : 1];
  if (logarithmic) return logarithmicAxis(low, high, title, write);
  if (low === high) high = low + (Math.abs(low) || 1);
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => each * power >= rough) ?? 10);
  if (least === undefined) low = step * Math.floor(low / step);
  if (greatest === undefined) high = step * Math.ceil(high / step - 1e-9);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return { low, high, logarithmic, ticks, title, write, share: (value) => (value - low) / (high - low) };
}

/** @param {number} low @param {number} high @param {string} title @param {(value: number) => string} write @returns {Axis} */
function logarithmicAxis(low, high, title, write) {
  const [from, to] = [Math.log10(low) - 0.06, Math.log10(high) + 0.06];
  const wide = to - from > 2.2;
  const ticks = [];
  for (let power = Math.floor(from); power <= Math.ceil(to); power += 1) {
    for (const factor of wide ? [1] : [1, 2, 5]) {
      const at = Math.log10(factor) + power;
      if (at >= from && at <= to) ticks.push(Number((factor * 10 ** power).toPrecision(6)));
    }
  }
  return { low, high, logarithmic: true, ticks, title, write, share: (value) => (Math.log10(value) - from) / (to - from) };
}

const [LEFT, RIGHT, TOP, BOTTOM] = [74, 14, 12, 44];

/** Places of a chart: `x(value)` and `y(value)` in its own units. @param {Axis} x @param {Axis} y @param {number} width @param {number} height */
export function placesOf(x, y, width, height) {
  return {
    x: (/** @type {number} */ value) => LEFT + x.share(value) * (width - LEFT - RIGHT),
    y: (/** @type {number} */ value) => height - BOTTOM - y.share(value) * (height - TOP - BOTTOM),
    left: LEFT, right: width - RIGHT, top: TOP, bottom: height - BOTTOM,
  };
}

/**
 * The frame of a chart with its grid; what is drawn in it are its children.
 * @param {{name: string, x: Axis, y: Axis, width?: number, height?: number, children?: any}} props
 */
export function Chart({ name, x, y, width = 440, height = 300, children }) {
  const at = placesOf(x, y, width, height);
  const middle = (at.top + at.bottom) / 2;
  return html`<svg class="chart" viewBox=${`0 0 ${width} ${height}`} role="img" aria-label=${name}>
    ${y.ticks.map((tick) => html`<g key=${`y${tick}`}><line class="gridline" x1=${at.left} x2=${at.right} y1=${at.y(tick)} y2=${at.y(tick)} />
      <text x=${at.left - 6} y=${at.y(tick) + 4} text-anchor="end">${y.write(tick)}</text></g>`)}
    ${x.ticks.map((tick) => html`<g key=${`x${tick}`}><line class="gridline" x1=${at.x(tick)} x2=${at.x(tick)} y1=${at.bottom} y2=${at.bottom + 5} />
      <text x=${at.x(tick)} y=${at.bottom + 18} text-anchor="middle">${x.write(tick)}</text></g>`)}
    <line class="axis" x1=${at.left} x2=${at.right} y1=${at.bottom} y2=${at.bottom} />
    <text class="title" x=${(at.left + at.right) / 2} y=${height - 6} text-anchor="middle">${x.title}</text>
    <text class="title" x="13" y=${middle} text-anchor="middle" transform=${`rotate(-90 13 ${middle})`}>${y.title}</text>
    ${children}
  </svg>`;
}

/**
 * A range with what was expected in it, and what came, once or several times.
 * @param {{figure: {forecast: number, low: number, high: number, actual: number | null}, others?: number[], name: string}} props
 */
export function RangeBar({ figure, others = [], name }) {
  const { forecast, low, high, actual } = figure;
  const came = [...others, ...(actual === null ? [] : [actual])];
  const ends = [low, high, forecast, ...came].map((value) => Math.max(value, 1e-12));
  const [least, greatest] = [Math.min(...ends), Math.max(...ends)];
  const spread = Math.log(greatest / least) || 1;
  const at = (/** @type {number} */ value) => 8 + (204 * Math.log(Math.max(value, 1e-12) / least)) / spread;
  return html`<svg class="range-bar" viewBox="0 0 220 22" role="img" aria-label=${name}>
    <rect class="band" x=${at(low)} y="7" width=${Math.max(2, at(high) - at(low))} height="8" rx="4" />
    <line class="expected" x1=${at(forecast)} x2=${at(forecast)} y1="4" y2="18" />
    ${came.map((value, i) => html`<path key=${i} class=${value < low || value > high ? 'came outside' : 'came'} d=${`M${at(value)} 3l6 8l-6 8l-6 -8z`} />`)}
  </svg>`;
}
