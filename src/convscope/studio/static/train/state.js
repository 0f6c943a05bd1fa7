/** What is set in the train view, as the address holds it. */
import { effect, signal } from '../parts.js';
import { NO_LABELS, labelsOf } from '../labels.js';
import { query, view, visits, writeQuery } from '../route.js';

/**
 * @typedef {object} State
 * @property {string} network @property {string} data A data set's name, or a path.
 * @property {string} class_from @property {string} columns @property {string} images @property {string} group_by @property {string} split_folders Where labels stand.
 * @property {string} recipe "book", "fast", "transfer", or empty for the usual one.
 * @property {string} source What gives the first weights: "published", the name of a run, or empty for weights at random.
 * @property {string} epochs @property {string} minutes @property {string} batch @property {string} rate
 * @property {string} size @property {string} precision @property {string} seed Empty: as the recipe has it.
 * @property {string} run The training that is watched; empty: none.
 * @property {string} image On which its feature maps are shown.
 */

/** @type {State} */
export const USUAL = {
  network: 'lenet', data: 'digits', ...NO_LABELS, recipe: '', source: '', epochs: '', minutes: '', batch: '', rate: '', size: '', precision: '', seed: '',
  run: '', image: 'digit-3',
};
const NUMBERS = ['epochs', 'minutes', 'batch', 'rate', 'size', 'seed'];

/** The fields as Python takes them. @type {Record<string, string>} */
const FIELDS = { epochs: 'epochs', minutes: 'minutes', batch: 'batch_size', rate: 'learning_rate', size: 'size', seed: 'seed' };

/** @returns {State} What the address says; what it says wrongly is as usual. */
function readState() {
  const asked = query();
  const found = { ...USUAL };
  // Who comes without any wish meets the recipe that learns in seconds; an address without one means the usual one.
  if (!Object.keys(USUAL).some((name) => asked.has(name))) found.recipe = 'fast';
  for (const name of Object.keys(USUAL)) {
    const text = asked.get(name);
    if (text === null || (NUMBERS.includes(name) && !/^\d{0,9}(\.\d{1,9})?$/.test(text))) continue;
    Object.assign(found, { [name]: text });
  }
  return found;
}

/** The state; it is set with `change`. */
export const state = signal(readState());

/** @param {Partial<State>} part */
export function change(part) {
  state.value = { ...state.value, ...part };
}

/** What is set, as Python takes it. @param {State} now */
export function settings(now) {
  /** @type {Record<string, string | number>} */
  const found = { network: now.network, data: now.data.trim(), recipe: now.recipe };
  for (const [name, field] of Object.entries(FIELDS)) {
    const text = now[/** @type {keyof State} */ (name)];
    if (text !== '') found[field] = Number(text);
  }
  if (now.precision) found.precision = now.precision;
  if (now.source) found.source = now.source;
  return { ...found, ...labelsOf(now) };
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'train') state.value = readState(); }),
    effect(() => {
      const now = state.value;
      writeQuery(Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => {
        const value = now[/** @type {keyof State} */ (name)];
        return [name, value === usual && name !== 'network' ? undefined : value];
      })));
    }),
  ];
  return () => ends.forEach((end) => end());
}
