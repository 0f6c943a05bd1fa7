/** A part of the page that Python answers: asked again whenever what is set changes; it keeps its last answer. */
import { effect, signal } from './parts.js';
import { ask, Refusal } from './api.js';

/** A part of the page: its answer, why there is none, and whether it is being asked. */
export function part() {
  return { found: signal(/** @type {any} */ (null)), refusal: signal(/** @type {Refusal | null} */ (null)), busy: signal(false) };
}

/**
 * Ask again whenever what is asked for changes; gives what ends it.
 * @param {ReturnType<typeof part>} where @param {string} path Below /api/. @param {() => object | null} body Null: nothing.
 * @param {(found: any, asked: any) => any} [read] @param {number} [wait] Milliseconds.
 * @param {() => unknown} [again] Whatever changes when the same is to be asked once more.
 */
export function keepAsking(where, path, body, read = (found) => found, wait = 0, again = () => 0) {
  let stop = new AbortController();
  let last = '';
  let timer = 0;
  const end = effect(() => {
    const asked = body();
    const text = asked ? JSON.stringify([asked, again()]) : '';
    if (text === last) return;
    last = text;
    stop.abort();
    clearTimeout(timer);
    where.busy.value = false;
    if (!asked) return;
    stop = new AbortController();
    const { signal: aborted } = stop;
    where.busy.value = true;
    timer = setTimeout(() => ask(path, asked, aborted).then((found) => {
      if (aborted.aborted) return;
      where.refusal.value = null;
      where.found.value = read(found, asked);
      where.busy.value = false;
    }, (error) => {
      if (aborted.aborted) return;
      where.busy.value = false;
      if (error instanceof Refusal) { where.refusal.value = error; where.found.value = null; } else throw error;
    }), wait);
  });
  return () => {
    clearTimeout(timer);
    stop.abort();
    where.busy.value = false;
    end();
  };
}
