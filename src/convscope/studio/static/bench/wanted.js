/** The wanted output, drawn cell by cell: a marked one wants the image's largest value, the others 0. */
import { html, useEffect, useRef, useState } from '../parts.js';
import { drawingPixels, drawingText } from '../drawing.js';
import { Plane } from '../plane.js';
import { t } from '../words.js';
import { change, state } from './state.js';

/** What is drawn, for an output of a size; nothing where it was drawn for another one. @param {number} height @param {number} width */
export function drawnOutput(height, width) {
  const marks = drawingPixels(state.value.marks);
  const data = new Uint8Array(height * width);
  if (state.value.marks.length === Math.ceil(data.length / 4)) data.set(marks.subarray(0, data.length));
  return { shape: [1, height, width], data };
}

const KEYS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {{height: number, width: number}} props */
export function WantedOutput({ height, width }) {
  const drawn = drawnOutput(height, width);
  const [at, setAt] = useState([0, 0]);
  const value = useRef(1);
  const down = useRef(false);
  useEffect(() => {
    const up = () => { down.current = false; };
    addEventListener('pointerup', up);
    return () => removeEventListener('pointerup', up);
  }, []);
  const [row, column] = [Math.min(at[0], height - 1), Math.min(at[1], width - 1)];
  const paint = (/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ starts) => {
    const place = r * width + c;
    const { data } = drawnOutput(height, width); // the pointer may be faster than the page
    if (starts) value.current = 1 - data[place];
    setAt([r, c]);
    if (data[place] === value.current) return;
    data[place] = value.current;
    const bits = new Uint8Array(4 * Math.ceil(data.length / 4));
    bits.set(data);
    change({ marks: drawingText(bits) });
  };
  const onKey = (/** @type {string} */ key) => {
    if (key === ' ' || key === 'Enter') { paint(row, column, true); return true; }
    const step = /** @type {Record<string, number[]>} */ (KEYS)[key];
    if (!step) return false;
    setAt([Math.min(height - 1, Math.max(0, row + step[0])), Math.min(width - 1, Math.max(0, column + step[1]))]);
    return true;
  };
  const said = t('bench.teach.drawn.at', { row: row + 1, column: column + 1, value: drawn.data[row * width + column] });
  return html`<div class="wanted"><div class="row spread"><h3>${t('bench.teach.drawn.title')}</h3>
      <button type="button" onClick=${() => change({ marks: '' })}>${t('bench.clear')}</button></div>
    <${Plane} array=${drawn} top=${1} most=${220} marks=${[{ row, column, height: 1, width: 1, kind: 'box' }]}
      name=${t('bench.teach.drawn.plane')} describedBy="wanted-keys" onKey=${onKey}
      onPoint=${(/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ pressed) => {
        if (pressed) down.current = true;
        if (down.current) paint(r, c, pressed);
      }} />
    <p class="small faint" id="wanted-keys">${t('bench.teach.drawn.keys')} <span class="unseen" role="status">${said}</span></p></div>`;
}
