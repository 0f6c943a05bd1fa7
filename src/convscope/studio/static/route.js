/** The address holds the whole state: the view as its path, what is set in it as its query. */
import { signal } from './parts.js';

const first = () => location.pathname.replaceAll('/', '') || 'bench';

/** The name of the view that is shown. */
export const view = signal(first());
/** Counts the times the address was changed from outside: by a link, or by going back. */
export const visits = signal(0);

/** What belongs to the whole page and stays when the view changes. */
const KEPT = ['lang', 'present'];

/** What the address says. @returns {URLSearchParams} */
export function query() {
  return new URLSearchParams(location.search);
}

const PAUSE = 150; // milliseconds: browsers refuse addresses that change too often
let timer = 0;
let waiting = /** @type {(() => void) | null} */ (null);

/**
 * Write a view's state into the address, in a moment, without a new entry in the browser's history.
 * @param {Record<string, string | undefined>} state
 */
export function writeQuery(state) {
  waiting = () => writeNow(state);
  clearTimeout(timer);
  timer = setTimeout(finishWriting, PAUSE);
}

function finishWriting() {
  clearTimeout(timer);
  waiting?.();
  waiting = null;
}

/** @param {Record<string, string | undefined>} state */
function writeNow(state) {
  const next = new URLSearchParams();
  for (const name of KEPT) {
    const value = query().get(name);
    if (value !== null) next.set(name, value);
  }
  for (const [name, value] of Object.entries(state)) {
    if (value !== undefined && !KEPT.includes(name)) next.set(name, value);
  }
  replace(next);
}

/** Set or (with undefined) remove what belongs to the whole page. @param {string} name @param {string} [value] */
export function writeKept(name, value) {
  const next = query();
  if (value === undefined) next.delete(name);
  else next.set(name, value);
  replace(next);
}

/** @param {URLSearchParams} next */
function replace(next) {
  // Commas, colons and semicolons may stand in a query as they are, and read better so.
  const text = next.toString().replaceAll('%2C', ',').replaceAll('%3B', ';').replaceAll('%3A', ':');
  history.replaceState(null, '', location.pathname + (text ? `?${text}` : ''));
}

/** What was set in the views that were left, as their addresses had it. @type {Map<string, string>} */
const left = new Map();

/** The address of a view with a state. @param {string} name @param {Record<string, string>} state */
export function addressOf(name, state) {
  const next = new URLSearchParams(state);
  for (const each of KEPT) if (query().has(each)) next.set(each, query().get(each) ?? '');
  return `/${name}?${next}`;
}

/** Show another view, as it was left, or with a state. @param {string} name @param {Record<string, string>} [state] */
export function go(name, state) {
  finishWriting();
  left.set(view.value, location.search);
  const next = new URLSearchParams(state ?? left.get(name) ?? '');
  for (const each of KEPT) {
    const value = query().get(each);
    if (value === null) next.delete(each);
    else next.set(each, value);
  }
  const text = next.toString();
  history.pushState(null, '', `/${name}${text ? `?${text}` : ''}`);
  view.value = name;
  visits.value += 1;
}

addEventListener('popstate', () => {
  clearTimeout(timer); // the address is another one now, which must not be written over
  waiting = null;
  view.value = first();
  visits.value += 1;
});
