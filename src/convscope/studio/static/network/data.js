/** What Python says of the network, asked whenever something is set; each part keeps its last answer. */
import { computed, effect, signal } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { decodeArray, encodeArray } from '../arrays.js';
import { keepAsking, part } from '../asking.js';
import { DRAWING_SIDE, drawingPixels } from '../drawing.js';
import { change, state } from './state.js';

/** @typedef {import('../arrays.js').NumberArray} NumberArray */

/** So many maps come at once. */
const AT_ONCE = 64;

/** Images that the address can't hold. */
const BROUGHT = ['file', 'camera'];

/** Networks and images that there are. */
export const choices = signal(/** @type {any} */ (null));
/** An image that a person brought. */
export const brought = signal(/** @type {NumberArray | null} */ (null));
/** Whether the address meant an image that it can't hold. */
export const lost = signal(false);

export const network = part();
export const maps = part();
export const map = part();
export const unit = part();
export const field = part();
export const kernels = part();
export const attribution = part();
export const between = part();
export const beside = part();
/** Whether anything is being asked. */
export const asking = () => [network, maps, map, unit, field, kernels, attribution, between, beside].some((each) => each.busy.value);

/** The layer that is shown. */
export const layer = computed(() => state.value.layer || network.found.value?.first || '');

/** What is looked at, as Python takes it; null while an image is missing. */
const subject = computed(() => {
  const { network: name, image, size, pixels } = state.value;
  if (image === 'drawing') {
    const data = drawingPixels(pixels).map((pixel) => 255 * pixel);
    return { network: name, size, pixels: encodeArray({ shape: [1, DRAWING_SIDE, DRAWING_SIDE], data }) };
  }
  if (!BROUGHT.includes(image)) return { network: name, size, image };
  return brought.value && { network: name, size, pixels: encodeArray(brought.value) };
});

/** The same as text: a drawing makes a new object each time. */
const subjectText = computed(() => JSON.stringify(subject.value));

/** Which plane a unit lies in, and where. @param {number[]} index @param {number} columns Of the plane. */
export function placeOf(index, columns) {
  if (index.length === 1) return { row: Math.floor(index[0] / columns), column: index[0] % columns };
  const [row, column] = index.slice(-2);
  return { row, column };
}

/** The unit that lies at a place of a plane; null where the last row has none. */
export function unitAt(/** @type {number[]} */ shape, /** @type {number} */ channel, /** @type {number} */ row, /** @type {number} */ column, /** @type {number} */ columns) {
  if (shape.length === 3) return `${channel},${row},${column}`;
  if (shape.length === 2) return `${row},${column}`;
  const number = row * columns + column;
  return number < shape[0] ? String(number) : null;
}

/** The unit that is looked at: what is set, else the middle of the map. */
export const place = computed(() => {
  const shown = maps.found.value;
  if (!shown || shown.asked !== layer.value) return null;
  if (state.value.unit) return state.value.unit;
  const { shape } = shown;
  if (shape.length === 3) return `${Math.min(state.value.channel, shape[0] - 1)},${Math.floor(shape[1] / 2)},${Math.floor(shape[2] / 2)}`;
  return shape.map((/** @type {number} */ size) => Math.floor(size / 2)).join(',');
});

/** The whole name of that unit. */
export const unitName = computed(() => (place.value === null ? '' : `${layer.value}:${place.value}`));

/** The checkpoints of the run that is shown. @returns {string[]} */
export function ownCheckpoints() {
  const run = state.value.network.replace(/@step-\d+$/, '');
  return (choices.value?.checkpoints ?? []).filter((/** @type {string} */ each) => each.startsWith(`${run}@step-`));
}

/** The network that stands beside: the chosen one, else the run's oldest checkpoint that was kept. */
export const otherNetwork = computed(() => state.value.network2 || ownCheckpoints().filter((each) => each !== state.value.network).at(-1) || '');

/** What stands beside, as Python takes it; null where nothing can. */
const otherSubject = computed(() => {
  const { other, image2, size } = state.value;
  if (other === 'image') return { network: state.value.network, size, image: image2 };
  return subject.value && otherNetwork.value ? { ...subject.value, network: otherNetwork.value } : null;
});

/** Start asking; gives what ends it. */
export function startData() {
  ask('network/choices').then((found) => { choices.value = found; }, (error) => { if (!(error instanceof Refusal)) throw error; });
  const ready = () => (network.found.value && !network.busy.value && network.found.value.asked === subjectText.value ? subject.value : null);
  const panel = (/** @type {string} */ name) => (state.value.panel === name ? ready() : null);
  const ends = [
    effect(() => {
      if (!BROUGHT.includes(state.value.image) || brought.value) return;
      lost.value = true; // a link can't hold the pixels: whoever follows it sees the usual image
      change({ image: 'digit-3' });
    }),
    keepAsking(network, 'network/open', () => subject.value, (found) => ({ ...found, image: decodeArray(found.image), asked: subjectText.value })),
    keepAsking(maps, 'network/planes', () => ready() && layer.value && { ...ready(), layer: layer.value, channel: Math.floor(state.value.channel / AT_ONCE) * AT_ONCE },
      (found, asked) => ({ ...found, thumbnails: decodeArray(found.thumbnails), asked: asked.layer })),
    keepAsking(map, 'network/plane', () => ready() && layer.value && { ...ready(), layer: layer.value, channel: state.value.channel },
      (found, asked) => ({ ...found, plane: decodeArray(found.plane), asked: asked.layer })),
    keepAsking(unit, 'network/unit', () => ready() && unitName.value && {
      ...ready(), unit: unitName.value, backward: state.value.way === 'backward',
      label: state.value.label < 0 ? null : state.value.label,
    }, (found, asked) => ({ ...found, place: found.asked, asked_name: asked.unit }), 60),
    keepAsking(field, 'network/field', () => (state.value.field === 'effective' && ready() && unitName.value ? { ...ready(), unit: unitName.value } : null),
      (found, asked) => ({ ...found, field: decodeArray(found.field), asked: asked.unit }), 120),
    keepAsking(kernels, 'network/kernels', () => panel('kernels') && layer.value && { ...ready(), layer: layer.value, channel: state.value.channel },
      (found) => (found.none ? found : { ...found, planes: decodeArray(found.planes), images: found.images && decodeArray(found.images) })),
    keepAsking(attribution, 'network/attribution', () => panel('attribution') && {
      ...ready(), method: state.value.method, label: state.value.label < 0 ? null : state.value.label,
    }, (found) => ({ ...found, heat: decodeArray(found.heat) })),
    keepAsking(between, 'network/between', () => panel('between') && unitName.value && { ...ready(), unit: unitName.value },
      (found) => ({ ...found, layers: found.layers.map((/** @type {any} */ each) => ({ ...each, image: each.image && decodeArray(each.image) })) }), 200),
    keepAsking(beside, 'network/beside', () => panel('beside') && layer.value && otherSubject.value
      && { ...ready(), layer: layer.value, channel: state.value.channel, other: otherSubject.value },
    (found) => ({ ...found, sides: found.sides.map((/** @type {any} */ each) => ({
      ...each, image: decodeArray(each.image), plane: decodeArray(each.plane) })) })),
  ];
  return () => ends.forEach((end) => end());
}
