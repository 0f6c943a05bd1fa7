/** What is set in the network view, as the address holds it. */
import { effect, signal } from '../parts.js';
import { SMILE } from '../drawing.js';
import { query, view, visits, writeQuery } from '../route.js';

/**
 * @typedef {object} State
 * @property {string} network "catalog:lenet", or "stored:first" for a run or weights.
 * @property {string} image A name of the set, "drawing", "file" or "camera".
 * @property {string} pixels The drawing.
 * @property {number} size Height and width that the network is given; 0: the usual.
 * @property {string} layer Empty: the network's first convolution.
 * @property {number} channel The map that is shown large.
 * @property {string} unit Its place, as in "2,10,12"; empty: the middle of the map.
 * @property {string} trail The units one came from, with "|" between them.
 * @property {string} way "forward" or "backward".
 * @property {number} label The class taken as right; −1: the predicted one.
 * @property {string} field "box" or "effective".
 * @property {string} panel What else is shown: "kernels", "attribution", "between" or "beside".
 * @property {string} method The attribution's. @property {number} opacity Its opacity over the image, in percent.
 * @property {string} other What stands beside: another "image" or another "network".
 * @property {string} image2 That image. @property {string} network2 That network; empty: the run's oldest checkpoint.
 * @property {string} folded Blocks that the drawing folds, with "|" between them.
 * @property {number} expand 1: the drawing has every block, also those made alike.
 */

/** @type {State} */
const USUAL = {
  network: 'catalog:lenet', image: 'digit-3', pixels: SMILE, size: 0, layer: '', channel: 0, unit: '', trail: '',
  way: 'forward', label: -1, field: 'box', panel: 'kernels', method: 'grad-cam', opacity: 60,
  other: 'image', image2: 'digit-8', network2: '', folded: '', expand: 0,
};
const MOST_CRUMBS = 12;

/** @returns {State} What the address says; what it doesn't say, or says wrongly, is as usual. */
export function readState() {
  const asked = query();
  const state = { ...USUAL };
  for (const [name, usual] of Object.entries(USUAL)) {
    const text = asked.get(name);
    if (text === null) continue;
    if (typeof usual === 'number' && !/^-?\d{1,6}$/.test(text)) continue;
    if (name === 'pixels' && !/^[0-9a-f]{36}$/.test(text)) continue;
    if (name === 'unit' && !/^\d+(,\d+){0,5}$/.test(text)) continue;
    Object.assign(state, { [name]: typeof usual === 'number' ? Number(text) : text });
  }
  return state;
}

/** The state; it is set with `change`. */
export const state = signal(readState());

/** @param {Partial<State>} part */
export function change(part) {
  state.value = { ...state.value, ...part };
}

/** Another network or image size: its layers are others. @param {Partial<State>} part */
export function changeNetwork(part) {
  change({ layer: '', channel: 0, unit: '', trail: '', label: -1, network2: '', folded: '', ...part });
}

/** A unit apart. @param {string} unit As in "conv1:2,10,12". @returns {{layer: string, index: number[]}} */
export function unitParts(unit) {
  const at = unit.lastIndexOf(':');
  return { layer: unit.slice(0, at), index: unit.slice(at + 1).split(',').map(Number) };
}

/** Look at another unit, and leave a crumb. @param {string} unit @param {string} from The one that is left. */
export function goTo(unit, from) {
  const { layer, index } = unitParts(unit);
  const crumbs = [...state.value.trail.split('|').filter(Boolean), from].slice(-MOST_CRUMBS);
  change({ layer, channel: index.length === 3 ? index[0] : 0, unit: index.join(','), trail: crumbs.join('|') });
}

/** Go back to a crumb. @param {number} place */
export function goBack(place) {
  const crumbs = state.value.trail.split('|').filter(Boolean);
  const { layer, index } = unitParts(crumbs[place]);
  change({ layer, channel: index.length === 3 ? index[0] : 0, unit: index.join(','), trail: crumbs.slice(0, place).join('|') });
}

/** @param {State} now @returns {Record<string, string | undefined>} */
function writeState(now) {
  /** @type {Record<string, string | undefined>} */
  const written = {};
  for (const [name, usual] of Object.entries(USUAL)) {
    const value = now[/** @type {keyof State} */ (name)];
    const left = name === 'pixels' ? now.image !== 'drawing' : value === usual && name !== 'network';
    written[name] = left ? undefined : String(value);
  }
  return written;
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'network') state.value = readState(); }),
    effect(() => writeQuery(writeState(state.value))),
  ];
  return () => ends.forEach((end) => end());
}
