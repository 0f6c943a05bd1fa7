/** An image as the data has it, small. */
import { html, useLayoutEffect, useRef } from '../parts.js';

/** @param {{array: import('../arrays.js').NumberArray}} props uint8 (1 or 3, height, width) */
export function Thumbnail({ array }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => {
    const [channels, rows, columns] = array.shape;
    const target = /** @type {HTMLCanvasElement} */ (canvas.current);
    target.width = columns;
    target.height = rows;
    const context = /** @type {CanvasRenderingContext2D} */ (target.getContext('2d'));
    const pixels = context.createImageData(columns, rows);
    const size = rows * columns;
    for (let i = 0; i < size; i += 1) {
      for (let c = 0; c < 3; c += 1) pixels.data[4 * i + c] = array.data[(channels === 3 ? c * size : 0) + i];
      pixels.data[4 * i + 3] = 255;
    }
    context.putImageData(pixels, 0, 0);
  }, [array]);
  return html`<canvas class="thumbnail" ref=${canvas} aria-hidden="true"></canvas>`;
}
