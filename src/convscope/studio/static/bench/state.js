/** What is set on the bench, as the address holds it. */
import { effect, signal } from '../parts.js';
import { SMILE } from '../drawing.js';
import { query, view, visits, writeQuery } from '../route.js';

/** @typedef {number[][]} Matrix */
/**
 * @typedef {object} State
 * @property {string} image A name of the set, "drawing", "file" or "camera".
 * @property {number} side Height and width of photographs and files.
 * @property {boolean} colour Whether they keep three channels.
 * @property {string} pixels The drawing, row by row, as hexadecimal digits of four pixels each.
 * @property {Matrix[]} kernel One slice for all channels, or one for each.
 * @property {string} operation "cross-correlation", "convolution", "max" or "average".
 * @property {number} stride @property {number | "same"} padding @property {string} mode
 * @property {number} dilation @property {number} bias @property {boolean} relu
 * @property {number} row @property {number} column The output that is looked at; −1: the middle.
 * @property {string} wanted The kernel whose work is to be learned; "drawn": the output in `marks`, written as `pixels` are.
 * @property {string} marks @property {number} rate
 */

export const OPERATIONS = ['cross-correlation', 'convolution', 'max', 'average'];
export const MODES = ['zeros', 'reflect', 'replicate', 'circular'];

/** @type {State} */
export const USUAL = {
  image: 'letter', side: 48, colour: false, pixels: SMILE,
  kernel: [[[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]],
  operation: 'cross-correlation', stride: 1, padding: 0, mode: 'zeros', dilation: 1, bias: 0, relu: false,
  row: -1, column: -1, wanted: 'sobel-vertical', marks: '', rate: 0.1,
};

/** @type {Record<string, string>} The names in the address. */
const SHORT = { operation: 'op', dilation: 'dilation', column: 'col' };

/** @param {string} text @returns {Matrix[] | null} */
export function readKernel(text) {
  const slices = text.split('|').map((slice) => slice.split(';').map((row) => row.split(',').map(Number)));
  const { length } = slices[0][0];
  const good = slices.every((slice) => slice.length === slices[0].length
    && slice.every((row) => row.length === length && row.every(Number.isFinite)));
  return good && slices.length <= 4 && slices[0].length <= 12 && length <= 12 ? slices : null;
}

/** @param {Matrix[]} kernel */
export function writeKernel(kernel) {
  return kernel.map((slice) => slice.map((row) => row.join(',')).join(';')).join('|');
}

/**
 * What an address says; what it doesn't say, or says wrongly, is as usual.
 * @param {URLSearchParams} [asked] The address's query; without it, that of the page. @returns {State}
 */
export function readState(asked = query()) {
  const state = { ...USUAL };
  for (const name of Object.keys(USUAL)) {
    const text = asked.get(SHORT[name] ?? name);
    if (text === null) continue;
    const value = readValue(name, text);
    if (value !== null) Object.assign(state, { [name]: value });
  }
  return state;
}

/** @param {string} name @param {string} text */
function readValue(name, text) {
  if (name === 'kernel') return readKernel(text);
  if (name === 'padding' && text === 'same') return text;
  if (name === 'operation') return OPERATIONS.includes(text) ? text : null;
  if (name === 'mode') return MODES.includes(text) ? text : null;
  if (name === 'pixels') return /^[0-9a-f]{36}$/.test(text) ? text : null;
  if (name === 'marks') return /^[0-9a-f]{0,4096}$/.test(text) ? text : null;
  const usual = USUAL[/** @type {keyof State} */ (name)];
  if (typeof usual === 'boolean') return text === '1';
  if (typeof usual === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : null;
  return text;
}

/** @param {State} state @returns {Record<string, string | undefined>} */
export function writeState(state) {
  /** @type {Record<string, string | undefined>} */
  const found = {};
  for (const [name, usual] of Object.entries(USUAL)) {
    const value = state[/** @type {keyof State} */ (name)];
    const text = name === 'kernel' ? writeKernel(state.kernel) : typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
    const same = name === 'kernel' ? text === writeKernel(USUAL.kernel) : value === usual;
    const drawn = name === 'pixels' ? state.image === 'drawing' : name !== 'marks' || state.wanted === 'drawn';
    found[SHORT[name] ?? name] = same || !drawn ? undefined : text;
  }
  return found;
}

/** The state; it is set with `change`. */
export const state = signal(readState());

/** @param {Partial<State>} part */
export function change(part) {
  state.value = { ...state.value, ...part };
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'bench') state.value = readState(); }),
    effect(() => writeQuery(writeState(state.value))),
  ];
  return () => ends.forEach((end) => end());
}
