/** What is set in the runs view, as the address holds it. */
import { effect, signal } from '../parts.js';
import { query, view, visits, writeQuery } from '../route.js';

/**
 * @typedef {object} State
 * @property {string} run The one that is looked into; empty: the table of all.
 * @property {string} find Text that names, networks or data contain.
 * @property {string} only A state that runs are in; empty: all.
 * @property {string} sort A column. @property {string} order "up" or "down".
 * @property {string} chosen The runs whose curves are drawn, each encoded, with "|" between them.
 * @property {string} quantity What is drawn of them.
 * @property {string} label @property {string} predicted The cell of the confusion matrix that is open.
 * @property {number} first Images of that cell that are passed over.
 */

/** @type {State} */
const USUAL = {
  run: '', find: '', only: '', sort: 'written', order: 'down', chosen: '', quantity: 'validation_accuracy', label: '', predicted: '', first: 0,
};
export const SORTS = ['name', 'state', 'network', 'data', 'accuracy', 'epochs', 'time', 'memory', 'written'];

/** @returns {State} What the address says; what it doesn't say, or says wrongly, is as usual. */
function readState() {
  const asked = query();
  const state = { ...USUAL };
  for (const [name, usual] of Object.entries(USUAL)) {
    const text = asked.get(name);
    if (text === null) continue;
    if (name === 'sort' && !SORTS.includes(text)) continue;
    if (name === 'order' && !['up', 'down'].includes(text)) continue;
    if (typeof usual === 'number' && !/^\d{1,7}$/.test(text)) continue;
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

/** Look into a run, or (with an empty name) go back to the table. @param {string} run */
export function openRun(run) {
  change({ run, label: '', predicted: '', first: 0 });
  scrollTo(0, 0);
}

/** The runs whose curves are drawn. @returns {string[]} */
export function chosenRuns() {
  return state.value.chosen.split('|').filter(Boolean).map((each) => {
    try { return decodeURIComponent(each); } catch { return each; }
  });
}

/** @param {string[]} names */
export function choose(names) {
  change({ chosen: names.map(encodeURIComponent).join('|') });
}

/** @param {State} now @returns {Record<string, string | undefined>} */
function writeState(now) {
  return Object.fromEntries(Object.entries(USUAL).map(([name, usual]) => {
    const value = now[/** @type {keyof State} */ (name)];
    return [name, value === usual ? undefined : String(value)];
  }));
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'runs') state.value = readState(); }),
    effect(() => writeQuery(writeState(state.value))),
  ];
  return () => ends.forEach((end) => end());
}
