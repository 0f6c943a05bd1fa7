/** What is set in the plan view, as the address holds it. */
import { effect, signal } from '../parts.js';
import { NO_LABELS, labelsOf } from '../labels.js';
import { query, view, visits, writeQuery } from '../route.js';

/**
 * @typedef {object} State
 * @property {string} network @property {string} data A name, or a path.
 * @property {string} class_from @property {string} columns @property {string} images @property {string} group_by @property {string} split_folders Where labels stand.
 * @property {string} recipe "book", "fast"; empty: the usual one.
 * @property {string} batch @property {string} size @property {string} epochs Numbers; empty: as the recipe has them.
 * @property {string} precision "float32", "bfloat16"; empty: the faster one.
 * @property {boolean} recompute
 * @property {string} limit Gigabytes that the largest batch may take; empty: what is free.
 * @property {number} moment Of the step, which is told; −1: the peak.
 * @property {string} across @property {string} up What the picture of all networks shows.
 */

/** @type {State} */
const USUAL = {
  network: 'resnet9', data: 'digits', ...NO_LABELS, recipe: '', batch: '', size: '', epochs: '', precision: '', recompute: false, limit: '', moment: -1, across: 'macs', up: 'accuracy',
};
const NUMBERS = ['batch', 'size', 'epochs'];
export const MEASURES = ['accuracy', 'macs', 'parameters', 'epoch', 'memory'];

/** @returns {State} What the address says; what it doesn't say, or says wrongly, is as usual. */
function readState() {
  const asked = query();
  const state = { ...USUAL };
  for (const [name, usual] of Object.entries(USUAL)) {
    const text = asked.get(name);
    if (text === null) continue;
    if (NUMBERS.includes(name) && !/^[1-9]\d{0,5}$/.test(text)) continue;
    if (name === 'limit' && !(Number(text) > 0 && Number(text) < 1e5)) continue;
    if (name === 'recipe' && !['book', 'fast'].includes(text)) continue;
    if (name === 'precision' && !['float32', 'bfloat16'].includes(text)) continue;
    if (['across', 'up'].includes(name) && !MEASURES.includes(text)) continue;
    if (typeof usual === 'number' && !/^-?\d{1,4}$/.test(text)) continue;
    Object.assign(state, { [name]: typeof usual === 'number' ? Number(text) : typeof usual === 'boolean' ? text === '1' : text });
  }
  return state;
}

/** The state; it is set with `change`. */
export const state = signal(readState());

/** @param {Partial<State>} part */
export function change(part) {
  state.value = { ...state.value, ...part };
}

/** What is forecast, as Python takes it. @param {State} now */
export function settings({ network, data, recipe, batch, size, epochs, precision, recompute, ...labels }) {
  return {
    network, data: data.trim(), recompute, ...labelsOf({ ...labels, data }), ...(recipe && { recipe }),
    ...(batch && { batch_size: Number(batch) }), ...(size && { size: Number(size) }),
    ...(epochs && { epochs: Number(epochs) }), ...(precision && { precision }),
  };
}

/** @param {State} now @returns {Record<string, string | undefined>} */
function writeState(now) {
  return Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => {
    const value = now[/** @type {keyof State} */ (name)];
    const kept = ['network', 'data'].includes(name) || value !== usual;
    return [name, !kept ? undefined : typeof value === 'boolean' ? (value ? '1' : '0') : String(value)];
  }));
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'plan') state.value = readState(); }),
    effect(() => writeQuery(writeState(state.value))),
  ];
  return () => ends.forEach((end) => end());
}
