/** One lesson: its cells as they come while it runs, with exercises to answer and live parts between them. */
import { html, useEffect, useMemo, useState } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { Exercise } from './exercise.js';
import { LivePart } from './live.js';
import { richText } from './rich_text.js';
import { openLesson } from './state.js';

const PAUSE = 700; // milliseconds between two questions while the lesson runs

/** @param {{lesson: number, language: string, about: any}} props */
export function Lesson({ lesson, language, about }) {
  const [found, setFound] = useState(/** @type {any} */ (null));
  const [refusal, refuse] = useState(/** @type {Refusal | null} */ (null));
  const [run, runAgain] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    let timer = 0;
    /** @type {any[]} */
    let cells = [];
    const read = async (again = false) => {
      try {
        const more = await ask('lessons/read', { lesson, language, after: cells.length, again }, stop.signal);
        if (more.count < cells.length) cells = [];
        else cells = [...cells, ...more.cells];
        refuse(null);
        setFound({ ...more, cells });
        if (more.state === 'running') timer = setTimeout(read, PAUSE);
      } catch (error) {
        if (stop.signal.aborted) return;
        if (!(error instanceof Refusal)) throw error;
        refuse(error);
        if (error.key === 'refused.lessons.busy') timer = setTimeout(read, 4 * PAUSE);
      }
    };
    read(run > 0);
    return () => { stop.abort(); clearTimeout(timer); };
  }, [lesson, language, run]);
  const said = refusal?.sentence();
  const running = found?.state === 'running';
  return html`
    <div><p class="back"><button type="button" onClick=${() => openLesson(0)}>${t('lessons.all')}</button></p>
      <h1>${about ? `${about.number} · ${about.title}` : t('lessons.title')}</h1>
      ${about && html`<p class="lead">${t('lessons.minutes', { minutes: about.minutes })} · ${t('lessons.solved', { solved: about.solved.length, count: about.exercises.length })}</p>`}</div>
    ${said && html`<p class="note" role="status" lang=${said.lang}>${said.text}</p>`}
    <article class="lesson card" aria-busy=${!refusal && (!found || running)}>
      ${found?.cells.map((/** @type {any} */ cell, /** @type {number} */ i) => html`<${Cell} key=${i} cell=${cell} live=${found.live} />`)}
      <p class="state" role="status">${!found || running ? t('lessons.running', { count: found?.count ?? 0 })
        : found.state === 'done' ? t('lessons.measured', { seconds: shown(found.seconds) }) : html`<span class="note">${t('lessons.failed')} <span lang="en">${found.reason}</span></span>`}</p>
    </article>
    ${found && !running && html`<div class="row"><button type="button" onClick=${() => runAgain(run + 1)}>${t('lessons.again')}</button>
      ${lesson < 18 && html`<button type="button" class="main" onClick=${() => openLesson(lesson + 1)}>${t('lessons.next')}</button>`}</div>
      <p class="small faint">${t('lessons.own')} <code>convscope lesson open ${lesson}</code></p>`}`;
}

/** @param {{cell: any, live: Record<string, string>}} props */
function Cell({ cell, live }) {
  const content = useMemo(() => richText(cell.html), [cell.html]);
  return html`<div class="lesson-cell">${content}
    ${cell.claims.filter((/** @type {string} */ claim) => claim in live).map((/** @type {string} */ claim) => html`<${LivePart} key=${claim} address=${live[claim]} />`)}
    ${cell.checks.map((/** @type {string} */ id) => html`<${Exercise} key=${id} id=${id} />`)}</div>`;
}
