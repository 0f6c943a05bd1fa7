/** What the window does, its kernel, and how it slides. */
import { html, useState } from '../parts.js';
import { Entry } from '../entry.js';
import { t } from '../words.js';
import { choices, slices } from './numbers.js';
import { change, MODES, OPERATIONS, state } from './state.js';

/** @typedef {import('./state.js').Matrix} Matrix */

/** @param {{found: import('./numbers.js').Answer}} props */
export function Settings({ found }) {
  const { operation, stride, padding, mode, dilation, bias, relu } = state.value;
  const pools = operation === 'max' || operation === 'average';
  return html`<section class="card settings" aria-labelledby="window-title">
    <h2 id="window-title">${t('bench.window')}</h2>
    <div class="choice" role="group" aria-label=${t('bench.operation')}>
      ${OPERATIONS.map((each) => html`<button key=${each} type="button" aria-pressed=${operation === each}
        onClick=${() => change({ operation: each })}>${t(`bench.operation.${each}`)}</button>`)}</div>
    <p class="small faint">${t(`bench.operation.${operation}.why`)}</p>
    <${Size} />
    ${!pools && html`<${Kernel} channels=${found.image.array.shape[0]} />`}
    <div class="fields">
      <${Field} name="stride" value=${stride} least=${1} />
      <${Padding} padding=${padding} total=${found.size[0].p} />
      ${!pools && html`<${Field} name="dilation" value=${dilation} least=${1} />
        <label class="field"><span>${t('bench.mode')}</span>
          <select value=${mode} onChange=${(event) => change({ mode: event.target.value })}>
            ${MODES.map((each) => html`<option key=${each} value=${each}>${t(`bench.mode.${each}`)}</option>`)}</select>
          <small>${t('bench.mode.why')}</small></label>
        <div class="field"><span>${t('bench.bias')}</span>
          <${Entry} value=${bias} name=${t('bench.bias')} onValue=${(/** @type {number} */ next) => change({ bias: next })} />
          <small>${t('bench.bias.why')}</small></div>`}
      <div class="field"><label class="check"><input type="checkbox" checked=${relu}
        onChange=${(event) => change({ relu: event.target.checked })} />${t('bench.relu')}</label>
        <small>${t('bench.relu.why')}</small></div>
    </div>
  </section>`;
}

/** A whole number to set. @param {{name: "stride" | "dilation", value: number, least: number}} props */
function Field({ name, value, least }) {
  return html`<label class="field"><span>${t(`bench.${name}`)}</span>
    <input type="number" min=${least} value=${value} onInput=${(event) => {
      if (event.target.value !== '') change({ [name]: Number(event.target.value) });
    }} /><small>${t(`bench.${name}.why`)}</small></label>`;
}

/** @param {{padding: number | "same", total: number}} props */
function Padding({ padding, total }) {
  const same = padding === 'same';
  return html`<div class="field"><label class="row"><span>${t('bench.padding')}</span></label>
    <div class="row"><input type="number" min="0" aria-label=${t('bench.padding')} disabled=${same}
      value=${same ? '' : padding} onInput=${(event) => {
        if (event.target.value !== '') change({ padding: Number(event.target.value) });
      }} />
      <label class="check"><input type="checkbox" checked=${same}
        onChange=${(event) => change({ padding: event.target.checked ? 'same' : 0 })} />${t('bench.same')}</label></div>
    <small>${t('bench.padding.why', { total })}</small></div>`;
}

/** Rows and columns of the window. */
function Size() {
  const { kernel } = state.value;
  const [rows, columns] = [kernel[0].length, kernel[0][0].length];
  const resize = (/** @type {number} */ height, /** @type {number} */ width) => {
    if (!(height >= 1 && width >= 1 && height <= 12 && width <= 12)) return;
    const cut = (/** @type {Matrix} */ slice) => Array.from({ length: height }, (_, r) => Array.from({ length: width }, (__, c) => slice[r]?.[c] ?? 0));
    change({ kernel: kernel.map(cut) });
  };
  return html`<div class="row size"><span>${t('bench.size')}</span>
    <input type="number" min="1" max="12" value=${rows} aria-label=${t('bench.rows')}
      onInput=${(event) => resize(Number(event.target.value), columns)} /> ×
    <input type="number" min="1" max="12" value=${columns} aria-label=${t('bench.columns')}
      onInput=${(event) => resize(rows, Number(event.target.value))} /></div>`;
}

/** @param {{channels: number}} props */
function Kernel({ channels }) {
  const { kernel } = state.value;
  const [slice, setSlice] = useState(0);
  const shared = kernel.length === 1;
  const shown = shared ? 0 : Math.min(slice, kernel.length - 1);
  const matrix = kernel[shown];
  const set = (/** @type {number} */ r, /** @type {number} */ c, /** @type {number} */ value) => {
    const next = kernel.map((each) => each.map((row) => [...row]));
    next[shown][r][c] = value;
    change({ kernel: next });
  };
  return html`<div class="kernel">
    <label class="row"><span>${t('bench.kernel')}</span><${Presets} shown=${shown} /></label>
    ${channels > 1 && html`<div class="row">
      <label class="check"><input type="checkbox" checked=${shared} onChange=${(event) => change({
        kernel: event.target.checked ? [matrix] : slices(kernel, channels) })} />${t('bench.shared')}</label>
      ${!shared && html`<div class="choice" role="group" aria-label=${t('bench.slice')}>
        ${kernel.map((_, c) => html`<button key=${c} type="button" aria-pressed=${c === shown}
          onClick=${() => setSlice(c)}>${channelName(c, channels)}</button>`)}</div>`}</div>`}
    <div class="scroll"><table class=${`cells editor${matrix[0].length > 6 ? ' many' : ''}`}><caption class="unseen">${t('bench.kernel.numbers')}</caption><tbody>
      ${matrix.map((row, r) => html`<tr key=${r}>${row.map((value, c) => html`<td key=${c}>
        <${Entry} value=${value} name=${t('bench.kernel.entry', { row: r + 1, column: c + 1 })}
          onValue=${(/** @type {number} */ next) => set(r, c, next)} /></td>`)}</tr>`)}
    </tbody></table></div>
  </div>`;
}

/** @param {{shown: number}} props The slice that a chosen kernel replaces. */
function Presets({ shown }) {
  const { kernel } = state.value;
  const presets = choices.value?.kernels ?? [];
  const now = JSON.stringify(kernel[shown]);
  const name = presets.find((each) => JSON.stringify(each.matrix) === now)?.name ?? 'own';
  const choose = (/** @type {string} */ wanted) => {
    const [rows, columns] = [kernel[0].length, kernel[0][0].length];
    const found = presets.find((each) => each.name === wanted)?.matrix ?? made(wanted, rows, columns);
    const fits = found.length === rows && found[0].length === columns;
    change({ kernel: kernel.length > 1 && fits ? kernel.map((each, c) => (c === shown ? found : each)) : [found] });
  };
  return html`<select value=${name} onChange=${(event) => choose(event.target.value)}>
    <option value="own" disabled>${t('bench.kernel.own')}</option>
    ${[...presets.map((each) => each.name), 'identity', 'random'].map((each) => html`
      <option key=${each} value=${each}>${t(`bench.kernel.${each}`)}</option>`)}</select>`;
}

/** @param {string} name @param {number} rows @param {number} columns @returns {Matrix} */
function made(name, rows, columns) {
  const [middle, centre] = [Math.floor((rows - 1) / 2), Math.floor((columns - 1) / 2)];
  return Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (__, c) => (
    name === 'random' ? Math.round(Math.random() * 20 - 10) / 10 : Number(r === middle && c === centre))));
}

/** @param {number} channel @param {number} channels */
export function channelName(channel, channels) {
  if (channels !== 3) return t('bench.channel', { channel: channel + 1 });
  return [t('bench.red'), t('bench.green'), t('bench.blue')][channel];
}
