/** The lessons view: the list with how far one is, and each lesson with live parts and exercises. */
import { html, useEffect, useState } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { language, t } from '../words.js';
import { Lesson } from './lesson.js';
import { followAddress, openLesson, state } from './state.js';

export function View() {
  useEffect(followAddress, []);
  const { lesson } = state.value;
  const wanted = language.value === 'zh' ? 'zh' : 'en';
  const [lessons, setLessons] = useState(/** @type {any[] | null} */ (null));
  useEffect(() => {
    const stop = new AbortController();
    ask(`lessons/choices?language=${wanted}`, undefined, stop.signal).then(
      (found) => setLessons(found.lessons),
      (error) => { if (!(error instanceof Refusal) && !stop.signal.aborted) throw error; },
    );
    return () => stop.abort();
  }, [wanted, lesson]);
  const found = lessons?.find((each) => each.number === lesson);
  if (found) {
    return html`<${Lesson} key=${`${lesson}-${wanted}`} lesson=${lesson} language=${wanted} about=${found} />`;
  }
  return html`<div><h1>${t('lessons.title')}</h1><p class="lead">${t('lessons.lead')}</p></div>
    ${lesson > 0 && lessons && html`<p class="note" role="status">${t('refused.lessons.lesson', { number: lesson })}</p>`}
    ${!lessons ? html`<p class="faint">${t('shell.loading')}</p>` : html`<${Lessons} lessons=${lessons} />`}`;
}

/** @param {{lessons: any[]}} props */
function Lessons({ lessons }) {
  const all = lessons.flatMap((each) => each.exercises);
  const solved = lessons.flatMap((each) => each.solved);
  return html`<p>${t('lessons.progress', { solved: solved.length, count: all.length })}</p>
    <ol class="lessons">${lessons.map((each) => html`<li key=${each.number} class="card">
      <a href=${`/lessons?lesson=${each.number}`} onClick=${(/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openLesson(each.number);
      }}><span class="number">${each.number}</span> ${each.title}</a>
      <p class="small faint">${t('lessons.minutes', { minutes: each.minutes })} · ${t('lessons.solved', { solved: each.solved.length, count: each.exercises.length })}${each.ended ? ` · ${t('lessons.ended')}` : ''}</p>
      <progress max=${each.exercises.length} value=${each.solved.length} aria-label=${t('lessons.solved', { solved: each.solved.length, count: each.exercises.length })}></progress>
    </li>`)}</ol>`;
}
