/** Input and output side by side; the same place is outlined in both, whichever is pointed at. */
import { html, useEffect, useRef, useState } from '../parts.js';
import { calm } from '../appearance.js';
import { Plane, Scale } from '../plane.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { pencil, place } from './numbers.js';
import { DRAWING_SIDE, drawingPixels, drawingText } from '../drawing.js';
import { change, state } from './state.js';
import { at, outputNear } from './window.js';
import { imageName } from '../image_name.js';
import { channelName } from './settings.js';

/** @typedef {{found: import('./numbers.js').Answer}} Props */

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-5, 0], PageDown: [5, 0] };

/** Move the window by a key. @param {import('./numbers.js').Answer} found @param {string} key */
function move(found, key) {
  const { row, column } = place.value;
  const [, height, width] = found.output.shape;
  const step = /** @type {Record<string, number[]>} */ (STEPS)[key];
  let next = step && [row + step[0], column + step[1]];
  if (key === 'Home') next = [row, 0];
  if (key === 'End') next = [row, width - 1];
  if (!next) return false;
  change({ row: Math.min(height - 1, Math.max(0, next[0])), column: Math.min(width - 1, Math.max(0, next[1])) });
  return true;
}

/** @param {Props} props */
export function InputPlane({ found }) {
  const { image, before, size } = found;
  const [, height, width] = image.array.shape;
  const drawing = image.name === 'drawing' && pencil.value;
  const { row, column } = place.value;
  const { stride } = found.state;
  const [top, left] = [row * stride, column * stride];
  const marks = [];
  if (size[0].d > 1) {
    for (let a = 0; a < size[0].k; a += 1) {
      for (let b = 0; b < size[1].k; b += 1) {
        marks.push({ row: top + a * size[0].d, column: left + b * size[1].d, height: 1, width: 1, kind: 'cell' });
      }
    }
  }
  marks.push({ row: top, column: left, height: found.span[0], width: found.span[1], kind: 'box' });
  const colour = useRef(1);
  const paintAt = (/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ starts) => {
    const [y, x] = [r - before[0], c - before[1]];
    if (y < 0 || x < 0 || y >= DRAWING_SIDE || x >= DRAWING_SIDE) return;
    const pixels = drawingPixels(state.value.pixels);
    if (starts) colour.current = 1 - pixels[y * DRAWING_SIDE + x];
    if (pixels[y * DRAWING_SIDE + x] === colour.current) return;
    pixels[y * DRAWING_SIDE + x] = colour.current;
    change({ pixels: drawingText(pixels) });
  };
  const down = useRef(false);
  useEffect(() => {
    const up = () => { down.current = false; };
    addEventListener('pointerup', up);
    return () => removeEventListener('pointerup', up);
  }, []);
  const onPoint = (/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ pressed) => {
    if (pressed) down.current = true;
    if (drawing) {
      if (down.current) paintAt(r, c, pressed);
    } else change(outputNear(found, r, c));
  };
  const onKey = (/** @type {string} */ key) => {
    if (drawing && (key === ' ' || key === 'Enter')) {
      const middle = [0, 1].map((axis) => Math.floor((found.span[axis] - 1) / 2));
      paintAt(top + middle[0], left + middle[1], true);
      return true;
    }
    return move(found, key);
  };
  const unread = found.read.some((axis) => !axis.every(Boolean));
  return html`<section class="card input" aria-labelledby="input-title">
    <div class="row spread"><h2 id="input-title">${t('bench.input')}</h2>
      <span class="faint small">${imageName(image.name)}${t('bench.and')}${t('bench.shape', { height, width })}</span></div>
    <${Plane} array=${found.padded} top=${image.top} marks=${marks} read=${found.read}
      inner=${{ row: before[0], column: before[1], height, width }} name=${t('bench.input.plane')}
      describedBy="bench-keys" onPoint=${onPoint} onKey=${onKey} />
    <${Scale} array=${image.array} top=${image.top} name=${t('bench.scale', { low: 0, high: shown(image.top) })} />
    ${size.some((each) => each.p > 0) && html`<p class="small faint">${t('bench.padded')}</p>`}
    ${unread && html`<p class="small faint">${t('bench.unread')}</p>`}
    <p class="small faint" id="bench-keys">${drawing ? t('bench.keys.drawing') : t('bench.keys')}</p>
  </section>`;
}

/** @param {Props} props */
export function OutputPlane({ found }) {
  const { output } = found;
  const [channels, height, width] = output.shape;
  const { row, column } = place.value;
  const greys = channels > 1 ? found.image.top : undefined;
  return html`<section class="card output" aria-labelledby="output-title">
    <div class="row spread"><h2 id="output-title">${t('bench.output')}</h2>
      <span class="faint small">${t('bench.shape', { height, width })}</span></div>
    <${Plane} array=${output} top=${greys} marks=${[{ row, column, height: 1, width: 1, kind: 'box' }]}
      name=${t('bench.output.plane')} describedBy="bench-keys"
      onPoint=${(/** @type {number} */ r, /** @type {number} */ c) => change({ row: r, column: c })}
      onKey=${(/** @type {string} */ key) => move(found, key)} />
    <${Scale} array=${output} top=${greys} name=${t('bench.scale.output')} />
    <div class="row"><${Slide} found=${found} /></div>
    <${Said} found=${found} />
  </section>`;
}

const MOST = 12; // rows and columns of a table of numbers

/** The numbers around the window as tables, for whoever can't see the planes. @param {Props} props */
export function Numbers({ found }) {
  const [open, setOpen] = useState(false);
  return html`<details class="card numbers" onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${t('bench.numbers')}</summary>
    ${open && html`<${Tables} found=${found} />`}</details>`;
}

/** @param {Props} props */
function Tables({ found }) {
  const { row, column } = place.value;
  const { stride } = found.state;
  return html`<p class="small faint">${t('bench.numbers.why', { most: MOST })}</p>
    <${Table} array=${found.padded} row=${row * stride} column=${column * stride} name=${t('bench.numbers.input')} />
    <${Table} array=${found.output} row=${row} column=${column} name=${t('bench.output')} />`;
}

/** @param {{array: import('../arrays.js').NumberArray, row: number, column: number, name: string}} props */
function Table({ array, row, column, name }) {
  const [channels, height, width] = array.shape;
  const from = (/** @type {number} */ middle, /** @type {number} */ size) => Math.max(0, Math.min(size - MOST, middle - MOST / 2));
  const [top, left] = [from(row, height), from(column, width)];
  const rows = Array.from({ length: Math.min(MOST, height) }, (_, i) => top + i);
  const columns = Array.from({ length: Math.min(MOST, width) }, (_, i) => left + i);
  const named = (/** @type {number} */ c) => (channels > 1 ? `${name}, ${channelName(c, channels)}` : name);
  return Array.from({ length: channels }, (_, c) => html`<div class="scroll" tabindex="0" role="group" aria-label=${named(c)}>
    <table class="grid"><caption>${named(c)}</caption>
    <thead><tr><td></td>${columns.map((k) => html`<th scope="col" key=${k}>${k + 1}</th>`)}</tr></thead>
    <tbody>${rows.map((r) => html`<tr key=${r}><th scope="row">${r + 1}</th>
      ${columns.map((k) => html`<td key=${k}>${shown(at(array, c, r, k))}</td>`)}</tr>`)}</tbody></table></div>`);
}

/** Lets the window slide by itself. @param {Props} props */
function Slide({ found }) {
  const [sliding, setSliding] = useState(false);
  const [, height, width] = found.output.shape;
  useEffect(() => {
    if (!sliding) return undefined;
    const pause = calm() ? 1000 : height * width > 200 ? 60 : 350;
    const timer = setInterval(() => {
      const { row, column } = place.value;
      const next = (row * width + column + 1) % (height * width);
      change({ row: Math.floor(next / width), column: next % width });
    }, pause);
    return () => clearInterval(timer);
  }, [sliding, height, width]);
  return html`<button type="button" aria-pressed=${sliding} onClick=${() => setSliding(!sliding)}>
    ${sliding ? `❚❚ ${t('bench.slide.stop')}` : `▶ ${t('bench.slide')}`}</button>`;
}

/** Says where the window is once it rests. @param {Props} props */
function Said({ found }) {
  const { row, column } = place.value;
  const [said, say] = useState('');
  const values = Array.from({ length: found.output.shape[0] }, (_, c) => shown(at(found.output, c, row, column)));
  const text = t('bench.at', { row: row + 1, column: column + 1, value: values.join(', ') });
  useEffect(() => {
    const timer = setTimeout(() => say(text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<p class="here"><span aria-hidden="true">${text}</span>
    <span class="unseen" role="status">${said}</span></p>`;
}
