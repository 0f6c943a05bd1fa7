/** A training as it goes on: a stream of events while the page is seen, or asking again and again. */
import { batch, effect, signal } from '../parts.js';
import { ask, Refusal, trouble } from '../api.js';
import { state } from './state.js';

/** How the training is going, as Python says it; null until it is known. */
export const progress = signal(/** @type {any} */ (null));
/** Why it can't be followed. */
export const followRefusal = signal(/** @type {Refusal | null} */ (null));
/** Counts readings of rows. */
export const readings = signal(0);
/** Whether rows were dropped since they are not in the run any more, and how many lines were damaged. */
export const damaged = signal(0);

/** Each quantity's steps and values so far. @type {Map<string, {steps: number[], values: (number | null)[]}>} */
export const curves = new Map();

const LATER = 2000; // milliseconds between two questions where there is no stream
const AGAIN = 20000; // after which a stream is tried again
const STREAMS = 3; // of all tabs together

let run = '';
let place = '';
let source = /** @type {EventSource | null} */ (null);
let timer = 0;
let polledSince = 0;
let openings = 0;
let waiting = 0;
let drawn = 0; // when
let isNew = false; // whether rows came since
let release = () => {};

/**
 * One of the few streams that all tabs together may have: browsers open six connections to a machine, and what is asked
 * besides needs some. @returns {Promise<(() => void) | null>} What gives it back; null: none is free.
 */
async function claimStream() {
  if (!navigator.locks) return () => {}; // they exist where a page is secure, as on this machine itself
  for (let i = 0; i < STREAMS; i += 1) {
    /** @type {(() => void) | null} */
    const claimed = await new Promise((tell) => {
      void navigator.locks.request(`convscope-stream-${i}`, { ifAvailable: true }, (lock) => {
        if (!lock) { tell(null); return undefined; }
        return new Promise((end) => tell(() => end(undefined)));
      });
    });
    if (claimed) return claimed;
  }
  return null;
}

/** @param {any} part */
function take(part) {
  if (part.anew) curves.clear();
  for (const row of part.rows) {
    if (typeof row.step !== 'number') continue;
    for (const [name, value] of Object.entries(row)) {
      if (!/loss$|accuracy$|^learning_rate$/.test(name) || (value !== null && typeof value !== 'number')) continue;
      const curve = curves.get(name) ?? { steps: [], values: [] };
      curves.set(name, curve);
      if (curve.steps[curve.steps.length - 1] === row.step) curve.values[curve.values.length - 1] = value;
      else { curve.steps.push(row.step); curve.values.push(value); }
    }
  }
  place = part.place;
  isNew = true;
  if (!waiting) waiting = setTimeout(draw, Math.max(500, drawn + pause() - Date.now()));
}

/** Let the curves be drawn. */
function draw() {
  clearTimeout(waiting);
  waiting = 0;
  isNew = false;
  drawn = Date.now();
  readings.value += 1;
}

/** Milliseconds between two drawings of the curves: they shall not slow the training down. */
function pause() {
  let points = 0;
  for (const curve of curves.values()) points += curve.steps.length;
  return Math.min(5000, 500 + points / 10);
}

/** @param {any} found */
function tell(found) {
  batch(() => {
    followRefusal.value = null;
    trouble.value = '';
    progress.value = { ...found, behind: Date.now() / 1000 - found.now };
    if (isNew && Date.now() >= drawn + pause()) draw(); // one picture of the page instead of two
  });
}

function close() {
  openings += 1;
  release();
  release = () => {};
  source?.close();
  source = null;
  clearTimeout(timer);
}

async function open() {
  close();
  if (!run || document.hidden) return;
  if (polledSince && Date.now() - polledSince < AGAIN) { void poll(); return; }
  const opening = openings;
  const claimed = await claimStream();
  if (opening !== openings) { claimed?.(); return; } // something else came in between
  if (!claimed) { void poll(); return; }
  release = claimed;
  const opened = new EventSource(`/api/train/events?run=${encodeURIComponent(run)}&after=${place}`);
  source = opened;
  opened.addEventListener('rows', (event) => { if (source === opened) take(JSON.parse(event.data)); });
  opened.addEventListener('progress', (event) => {
    polledSince = 0;
    if (source === opened) tell(JSON.parse(event.data));
  });
  opened.addEventListener('error', () => {
    if (source !== opened) return;
    if (opened.readyState === EventSource.CLOSED) {
      polledSince = Date.now();
      void poll();
    } else trouble.value = 'gone'; // the browser tries again by itself
  });
}

/** Where no stream comes through, as behind some proxies. */
async function poll() {
  close();
  const asked = run;
  try {
    const found = await ask(`train/rows?run=${encodeURIComponent(run)}&after=${place}`);
    if (asked !== run) return;
    if (found.rows.length || found.anew) take(found);
    tell(found.progress);
    timer = setTimeout(open, found.whole ? LATER : 0);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (asked !== run) return;
    if (error.key === 'refused.train.run') followRefusal.value = error;
    else timer = setTimeout(open, LATER);
  }
}

/** Follow the training that the address names while the view is shown; gives what ends it. */
export function startFollowing() {
  document.addEventListener('visibilitychange', open);
  const end = effect(() => {
    const wanted = state.value.run;
    if (wanted === run && source) return;
    if (wanted !== run) {
      run = wanted;
      place = '';
      polledSince = 0;
      curves.clear();
      progress.value = null;
      followRefusal.value = null;
    }
    void open();
  });
  return () => {
    document.removeEventListener('visibilitychange', open);
    end();
    close();
  };
}

/** Follow from the place reached, after something was done to the training. */
export function followAgain() {
  polledSince = 0;
  void open();
}
