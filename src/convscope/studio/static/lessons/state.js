/** Which lesson is shown, as the address holds it. */
import { effect, signal } from '../parts.js';
import { query, view, visits, writeQuery } from '../route.js';

/** @returns {{lesson: number}} 0: the list of all. */
function readState() {
  const text = query().get('lesson') ?? '';
  return { lesson: /^\d{1,3}$/.test(text) ? Number(text) : 0 };
}

export const state = signal(readState());

/** Show a lesson, or (0) the list. @param {number} lesson */
export function openLesson(lesson) {
  state.value = { lesson };
  scrollTo(0, 0);
}

/** Keep state and address alike while the view is shown; gives what ends it. */
export function followAddress() {
  const ends = [
    effect(() => { if (visits.value && view.peek() === 'lessons') state.value = readState(); }),
    effect(() => writeQuery({ lesson: state.value.lesson ? String(state.value.lesson) : undefined })),
  ];
  return () => ends.forEach((end) => end());
}
