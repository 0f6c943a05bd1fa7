/** The numbers of the bench: asked from Python whenever something is set, kept until better come. */
import { computed, effect, signal, untracked } from '../parts.js';
import { decodeArray, encodeArray } from '../arrays.js';
import { ask, Refusal } from '../api.js';
import { DRAWING_SIDE, drawingPixels } from '../drawing.js';
import { change, state, USUAL } from './state.js';

/** @typedef {import('../arrays.js').NumberArray} NumberArray */
/** @typedef {{n: number, k: number, span: number, p: number, s: number, d: number, out: number}} Size */
/**
 * @typedef {object} Answer Everything of the last setting that was possible.
 * @property {import('./state.js').State} state
 * @property {Image} image
 * @property {NumberArray} padded @property {NumberArray} slid @property {NumberArray} partial
 * @property {NumberArray} sums @property {NumberArray} output
 * @property {number[]} before @property {number[]} after @property {number[]} span
 * @property {Size[]} size @property {boolean[][]} read
 * @property {{symmetric: boolean, difference: number} | null} flip
 */
/** @typedef {{name: string, array: NumberArray, top: number}} Image */

/** The image that is worked on. */
export const image = signal(/** @type {Image | null} */ (null));
/** The last answer. */
export const answer = signal(/** @type {Answer | null} */ (null));
/** Why what is set now can't be computed. */
export const refusal = signal(/** @type {Refusal | null} */ (null));
/** How far PyTorch's output is from the one that is shown; null until that is known. */
export const agreement = signal(/** @type {{difference: number, largest: number} | null} */ (null));
/** Images, sizes and kernels that there are. */
export const choices = signal(/** @type {{images: string[], sides: number[], kernels: any[]} | null} */ (null));
/** Whether the address meant an image that it can't hold. */
export const lost = signal(false);
/** Whether the pencil is in the hand. */
export const pencil = signal(false);

/** The output that is looked at, inside the output that there is. */
export const place = computed(() => {
  const found = answer.value;
  if (!found) return { row: 0, column: 0 };
  const [height, width] = found.output.shape.slice(1);
  const inside = (/** @type {number} */ wanted, /** @type {number} */ size) => (
    wanted < 0 ? Math.floor(size / 2) : Math.min(size - 1, Math.round(wanted)));
  return { row: inside(state.value.row, height), column: inside(state.value.column, width) };
});

/** @param {Refusal | unknown} error */
function refuse(error) {
  if (error instanceof Refusal) refusal.value = error;
  else if (!(error instanceof DOMException)) throw error;
}

/** Start asking; gives what ends it. */
export function startNumbers() {
  ask('bench/choices').then((found) => {
    found.kernels = found.kernels.map((/** @type {any} */ each) => ({ ...each, matrix: asMatrices(decodeArray(each.weights))[0] }));
    choices.value = found;
  }, refuse);
  const ends = [effect(loadImage), effect(computeAll)];
  return () => ends.forEach((end) => end());
}

let loading = new AbortController();
/** The image that is there or on its way. */
let coming = '';

/** Load the image that is named, where it isn't there or on its way. */
function loadImage() {
  const { image: name, side, colour, pixels } = state.value;
  const path = `bench/image?name=${encodeURIComponent(name)}&side=${side}&colour=${colour}`;
  const own = ['drawing', 'camera', 'file'].includes(name);
  const wanted = own ? name + (name === 'drawing' ? pixels : '') : path;
  if (wanted === coming) return;
  coming = wanted;
  loading.abort();
  if (name === 'drawing') {
    image.value = { name, array: { shape: [1, DRAWING_SIDE, DRAWING_SIDE], data: drawingPixels(pixels) }, top: 1 };
  } else if (!own) {
    loading = new AbortController();
    ask(path, undefined, loading.signal).then((found) => {
      image.value = { name, array: decodeArray(found.image), top: found.top };
    }, (error) => { if (coming === wanted) { coming = ''; refuse(error); } });
  } else if (untracked(() => image.value?.name) !== name) {
    // A link can't hold the pixels: whoever follows it sees the usual image.
    lost.value = true;
    change({ image: USUAL.image });
  }
}

/** Take pixels that a person brought. @param {Image} brought */
export function bring(brought) {
  image.value = brought;
  lost.value = false;
  if (state.value.image !== brought.name) change({ image: brought.name });
}

let asking = new AbortController();
/** What was asked last, and of which image: moving the window asks for nothing. */
let lastAsked = '';
let lastImage = /** @type {Image | null} */ (null);

function computeAll() {
  const now = state.value;
  const shown = image.value;
  if (!shown || shown.name !== now.image) return;
  const broken = [now.stride, now.dilation, now.padding].find((each) => typeof each === 'number' && !Number.isInteger(each));
  if (broken !== undefined) {
    lastAsked = '';
    refusal.value = new Refusal('', 'refused.bench.whole', { given: broken });
    return;
  }
  const { row, column, wanted, marks, rate, pixels, ...sliding } = now;
  const text = JSON.stringify(sliding);
  if (text === lastAsked && shown === lastImage) return;
  lastAsked = text;
  lastImage = shown;
  const settings = settingsOf(now, shown);
  asking.abort();
  asking = new AbortController();
  const stop = asking.signal;
  agreement.value = null;
  ask('bench/compute', settings, stop).then((found) => {
    if (stop.aborted) return;
    for (const name of ['padded', 'slid', 'partial', 'sums', 'output']) found[name] = decodeArray(found[name]);
    refusal.value = null;
    answer.value = { ...found, state: now, image: shown };
    ask('bench/check', settings, stop).then((checked) => {
      if (!stop.aborted) agreement.value = checked;
    }, refuse);
  }, (error) => { if (!stop.aborted) { lastAsked = ''; refuse(error); } });
}

/** A setting as Python takes it. @param {import('./state.js').State} now @param {Image} shown */
export function settingsOf(now, shown) {
  return {
    image: encodeArray(shown.array),
    kernel: encodeArray(asArray(slices(now.kernel, shown.array.shape[0]))),
    operation: now.operation, stride: now.stride, padding: now.padding, mode: now.mode,
    dilation: ['max', 'average'].includes(now.operation) ? 1 : now.dilation, bias: now.bias, relu: now.relu,
  };
}

/** One slice for each channel. @param {import('./state.js').Matrix[]} kernel @param {number} channels */
export function slices(kernel, channels) {
  return Array.from({ length: channels }, (_, channel) => kernel[kernel.length === 1 ? 0 : Math.min(channel, kernel.length - 1)]);
}

/** @param {import('./state.js').Matrix[]} matrices @returns {NumberArray} */
export function asArray(matrices) {
  return { shape: [matrices.length, matrices[0].length, matrices[0][0].length], data: Float64Array.from(matrices.flat(2)) };
}

/** @param {NumberArray} array @returns {import('./state.js').Matrix[]} */
export function asMatrices({ shape, data }) {
  const [channels, height, width] = shape;
  return Array.from({ length: channels }, (_, c) => Array.from({ length: height }, (__, r) => {
    const start = (c * height + r) * width;
    return Array.from(data.slice(start, start + width));
  }));
}
