/** A small image of numbers, as large as its place; a box over it can show a part. */
import { html, useLayoutEffect, useRef } from './parts.js';
import { painted } from './appearance.js';
import { paint, scaleOf } from './plane.js';

/**
 * @param {{array: import('./arrays.js').NumberArray, low?: number, high?: number, top?: number, signs?: boolean,
 *   box?: {top: number, bottom: number, left: number, right: number, height: number, width: number}}} props
 *   The colours are by `top` from black to white, or by the range from `low` to `high`; `box` is in the units of an
 *   image of its `height` and `width`.
 */
export function Thumbnail({ array, low = 0, high = 0, top, signs = false, box }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const shades = painted.value;
  useLayoutEffect(() => {
    const made = /** @type {HTMLCanvasElement} */ (canvas.current);
    const scale = scaleOf({ shape: [1, 1, 2], data: Float64Array.of(low, high) }, top, signs);
    const drawn = paint(array, scale);
    made.width = drawn.width;
    made.height = drawn.height;
    made.getContext('2d')?.drawImage(drawn, 0, 0);
  }, [array, low, high, top, signs, shades]);
  const percent = (/** @type {number} */ part, /** @type {number} */ whole) => `${(100 * part) / whole}%`;
  return html`<span class="thumbnail"><canvas ref=${canvas} aria-hidden="true"></canvas>${box && html`<i class="outline" style=${{
    top: percent(box.top, box.height), left: percent(box.left, box.width),
    height: percent(box.bottom - box.top + 1, box.height), width: percent(box.right - box.left + 1, box.width) }}></i>`}</span>`;
}
