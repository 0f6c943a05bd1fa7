/** What Python says beside the stream: choices, the forecast, sentences, and the newest checkpoint. */
import { computed, effect, signal } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { decodeArray } from '../arrays.js';
import { change, settings, state } from './state.js';
import { followAgain, progress, readings } from './follow.js';

/** Networks, data, recipes and the names of quantities. */
export const choices = signal(/** @type {any} */ (null));
/** All trainings that were started from here. */
export const trainings = signal(/** @type {any[]} */ ([]));
/** The forecast, why there is none, and whether it is being made. */
export const forecast = { found: signal(/** @type {any} */ (null)), refusal: signal(/** @type {Refusal | null} */ (null)), busy: signal(false) };
/** Each quantity in a sentence. */
export const sentences = signal(/** @type {Record<string, {en: string, zh: string}>} */ ({}));
export const checkpoint = { found: signal(/** @type {any} */ (null)), refusal: signal(/** @type {Refusal | null} */ (null)) };
/** What was shown of the earlier step that is looked back at; null: the newest is shown. */
export const earlier = signal(/** @type {any} */ (null));
/** Why a deed was refused. */
export const deedRefusal = signal(/** @type {Refusal | null} */ (null));
/** Whether a forecast is wanted although a training goes on. */
export const anyway = signal(false);
const starting = signal(false);

const GOING = ['starting', 'running', 'evaluating'];
/** @param {any} found */
export const isGoing = (found) => !!found && GOING.includes(found.state);
/** Whether any training goes on, which measuring would disturb, and which would disturb measuring. */
export const isBusy = computed(() => trainings.value.some(isGoing) || isGoing(progress.value));

/** @param {unknown} error @returns {Refusal} */
function refusal(error) {
  if (error instanceof Refusal) return error;
  throw error;
}

export async function readTrainings() {
  try { trainings.value = (await ask('train/trainings')).trainings; } catch (error) { refusal(error); }
}

/** @param {string} path @param {object} body @returns {Promise<any>} null where it was refused. */
async function act(path, body) {
  deedRefusal.value = null;
  try { return await ask(`train/${path}`, body); } catch (error) {
    deedRefusal.value = refusal(error);
    return null;
  } finally { await readTrainings(); }
}

export async function start() {
  starting.value = true; // whatever is being forecast is given up for it
  const begun = await act('start', settings(state.value));
  if (begun) change({ run: begun.run });
  starting.value = false;
}

/** @param {"resume" | "stop"} what */
export async function control(what) {
  const found = await act(what, { run: state.value.run });
  if (found) { progress.value = { ...found, behind: Date.now() / 1000 - found.now }; followAgain(); }
}

export async function forget() {
  const { run } = state.value;
  if (await act('forget', { run })) change({ run: '' });
}

const WAIT = 350; // milliseconds after the last turn of a dial
const REST = 3000; // at least between two looks at sentences and checkpoints
const SHARE = 0.005; // most of the time that each of them takes

/** Ask again whenever dials are turned. */
function keepForecasting() {
  let stop = new AbortController();
  let last = '';
  let timer = 0;
  return effect(() => {
    const asked = settings(state.value);
    const wanted = !starting.value && !state.value.run && (!isBusy.value || anyway.value) && asked.data !== '';
    const text = wanted ? JSON.stringify(asked) : '';
    if (text === last) return;
    last = text;
    stop.abort();
    clearTimeout(timer);
    forecast.busy.value = wanted;
    if (!wanted) return;
    stop = new AbortController();
    const { signal: aborted } = stop;
    timer = setTimeout(() => ask('train/forecast', asked, aborted).then((found) => {
      if (aborted.aborted) return;
      forecast.found.value = { ...found, network: asked.network, data: asked.data };
      forecast.refusal.value = null;
      forecast.busy.value = false;
    }, (error) => {
      if (aborted.aborted) return;
      forecast.refusal.value = refusal(error);
      forecast.busy.value = false;
    }), WAIT);
  });
}

/** What was shown of a checkpoint. @param {any} found */
function readLook(found) {
  return {
    ...found, image: decodeArray(found.image), kernels: found.kernels && { ...found.kernels, images: decodeArray(found.kernels.images) },
    maps: found.maps && { ...found.maps, thumbnails: decodeArray(found.maps.thumbnails) },
  };
}

let wantedLook = 0;
/** Go back to what was shown of an earlier step; null: to the newest. @param {number | null} step */
export async function lookBack(step) {
  wantedLook += 1;
  const mine = wantedLook;
  if (step === null) { earlier.value = null; return; }
  const { run } = state.peek();
  try {
    const found = await ask(`train/checkpoint?run=${encodeURIComponent(run)}&step=${step}`);
    if (mine === wantedLook && state.peek().run === run) earlier.value = readLook(found);
  } catch (error) { checkpoint.refusal.value = refusal(error); }
}

/**
 * Do something now and then, and once more after the last time it was wanted. Afterwards it rests so long that it takes
 * at most half a hundredth of the time: the processor is for the training.
 * @param {() => Promise<number | undefined>} work Gives the seconds of processor time that it took.
 */
function rarely(work) {
  let timer = 0;
  let rested = 0; // when
  let working = false;
  let wanted = false;
  const go = async () => {
    if (working) { wanted = true; return; }
    working = true;
    const took = await work();
    rested = Date.now() + Math.max(REST, 1000 * (took ?? 0) / SHARE);
    working = false;
    if (wanted) { wanted = false; want(); }
  };
  /** @param {boolean} [now] Without rest: a person asked. */
  function want(now = false) {
    clearTimeout(timer);
    timer = setTimeout(go, now ? 0 : Math.max(0, rested - Date.now()));
  }
  return { want, end() { clearTimeout(timer); } };
}

/** Start asking; gives what ends it. */
export function startData() {
  if (!choices.value) ask('train/choices').then((found) => { choices.value = found; }, refusal);
  void readTrainings();
  const words = rarely(async () => {
    const { run } = state.peek();
    if (!run || document.hidden) return 0;
    try {
      const found = await ask(`train/words?run=${encodeURIComponent(run)}`);
      if (state.peek().run === run) sentences.value = found.sentences;
      return found.took;
    } catch (error) { refusal(error); }
    return 0;
  });
  const look = rarely(async () => {
    const { run, image } = state.peek();
    if (!run || document.hidden) return 0;
    try {
      const found = await ask(`train/checkpoint?run=${encodeURIComponent(run)}&image=${encodeURIComponent(image)}`);
      if (state.peek().run !== run) return 0;
      checkpoint.found.value = readLook(found);
      checkpoint.refusal.value = null;
      return found.took;
    } catch (error) { checkpoint.refusal.value = refusal(error); }
    return 0;
  });
  let asked = '';
  let told = '';
  const ends = [
    keepForecasting(),
    effect(() => { if (state.value.run && readings.value) words.want(!isGoing(progress.peek())); }),
    effect(() => {
      const { run, image } = state.value;
      const step = progress.value?.run === run && progress.value.can_look ? progress.value.checkpoint : null;
      const going = isGoing(progress.value);
      const text = `${run} ${image} ${step} ${going}`;
      if (text === asked) return;
      const sameSubject = asked.startsWith(`${run} ${image} `);
      if (!asked.startsWith(`${run} `)) { checkpoint.found.value = null; checkpoint.refusal.value = null; sentences.value = {}; void lookBack(null); }
      asked = text;
      if (run && step !== null && step !== undefined) look.want(!sameSubject || !going);
    }),
    effect(() => {
      const text = `${progress.value?.run} ${progress.value?.state}`;
      if (text === told) return;
      told = text;
      void readTrainings();
    }),
  ];
  // Of the one that is watched the stream tells.
  const isElsewhere = (/** @type {any} */ each) => isGoing(each) && each.run !== state.peek().run;
  const every = setInterval(() => { if (!document.hidden && trainings.peek().some(isElsewhere)) void readTrainings(); }, 5000);
  return () => { ends.forEach((end) => end()); words.end(); look.end(); clearInterval(every); };
}
