/** What Python says of the runs, asked whenever something is set, and again while a run goes on. */
import { computed, signal } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { decodeArray } from '../arrays.js';
import { keepAsking, part } from '../asking.js';
import { chosenRuns, state } from './state.js';

const PAUSE = 4000; // milliseconds between two looks at runs that go on
export const MOST_RUNS = 30;
const POINTS = { together: 1200, one: 2000 };

export const table = part();
export const one = part();
export const curves = part();
export const cell = part();
export const images = part();

/** The stretch of steps that is looked at more closely; null: all. */
export const stretch = signal(/** @type {[number, number] | null} */ (null));
/** Goes up when a run that goes on may have written more. */
const looks = signal(0);

/** The runs whose curves are asked for. */
const drawn = computed(() => (state.value.run ? [state.value.run] : chosenRuns().slice(0, MOST_RUNS)));

/** Read the table of runs. */
export async function readTable() {
  try {
    table.found.value = await ask('runs/table');
    table.refusal.value = null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    table.refusal.value = error;
  }
}

/** Whether a run that is shown goes on. */
const isLive = () => (state.value.run ? one.found.value?.summary.state === 'running'
  : table.found.value?.runs.some((/** @type {any} */ run) => run.state === 'running'));

/** Start asking; gives what ends it. */
export function startData() {
  void readTable();
  const timer = setInterval(() => {
    if (document.hidden || !isLive()) return;
    looks.value += 1;
    if (!state.value.run) void readTable();
  }, PAUSE);
  const asked = () => state.value.run && state.value.label && state.value.predicted;
  const ends = [
    () => clearInterval(timer),
    keepAsking(one, 'runs/one', () => (state.value.run ? { run: state.value.run } : null), (found) => found, 0, () => looks.value),
    keepAsking(curves, 'runs/curves', () => (drawn.value.length ? {
      runs: drawn.value, most: state.value.run ? POINTS.one : POINTS.together,
      ...(stretch.value && { first: stretch.value[0], last: stretch.value[1] }),
    } : null), merge, 60, () => looks.value),
    keepAsking(cell, 'runs/cell', () => (asked() ? {
      run: state.value.run, label: state.value.label, predicted: state.value.predicted, first: state.value.first,
    } : null), (found, body) => ({ ...found, run: body.run })),
    keepAsking(images, 'runs/images', () => (asked() && cell.found.value?.run === state.value.run && cell.found.value.images.length
      ? { run: state.value.run, places: cell.found.value.images.map((/** @type {any} */ each) => each.index) } : null),
    (found, body) => ({ run: body.run, by: new Map(found.images.map((/** @type {any} */ each) => [each.index, decodeArray(each.image)])) })),
  ];
  return () => ends.forEach((end) => end());
}

/** A closer look is put into the whole curve, so that going back shows all at once. @param {any} found @param {any} body */
function merge(found, body) {
  const key = JSON.stringify(body.runs);
  const whole = body.last === undefined ? found : curves.found.peek()?.whole;
  const isWhole = body.last === undefined;
  if (isWhole || !whole || curves.found.peek()?.key !== key) return { ...found, whole: found, key };
  const runs = whole.runs.map((/** @type {any} */ run, /** @type {number} */ i) => ({ ...run, curves: run.curves.map((/** @type {any} */ curve) => {
    const near = found.runs[i].curves.find((/** @type {any} */ each) => each.name === curve.name);
    return near ? { ...curve, ...joined(curve, near) } : curve;
  }) }));
  return { runs, whole, key };
}

/** @param {any} far @param {any} near */
function joined(far, near) {
  const points = new Map(far.steps.map((/** @type {number} */ step, /** @type {number} */ i) => [step, far.values[i]]));
  near.steps.forEach((/** @type {number} */ step, /** @type {number} */ i) => points.set(step, near.values[i]));
  const steps = [...points.keys()].sort((a, b) => a - b);
  return { steps, values: steps.map((step) => points.get(step)) };
}
