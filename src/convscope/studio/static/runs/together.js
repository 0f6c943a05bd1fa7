/** The curves of the chosen runs over the same steps. */
import { html } from '../parts.js';
import { Curves } from '../curves.js';
import { Refused } from '../refused.js';
import { hasWords, t } from '../words.js';
import { curves, stretch } from './data.js';
import { change, chosenRuns, state } from './state.js';
import { quantityName } from './table.js';

export const QUANTITIES = ['validation_accuracy', 'train_accuracy', 'validation_loss', 'train_loss', 'loss', 'test_accuracy', 'test_loss', 'learning_rate'];

export function Together() {
  const { quantity } = state.value;
  const chosen = chosenRuns();
  const found = chosen.length ? curves.found.value : null;
  const runs = found?.runs.filter((/** @type {any} */ run) => chosen.includes(run.name)) ?? [];
  const there = new Set(runs.flatMap((/** @type {any} */ run) => run.curves.map((/** @type {any} */ each) => each.name)));
  const series = runs.flatMap((/** @type {any} */ run, /** @type {number} */ i) => run.curves
    .filter((/** @type {any} */ each) => each.name === quantity)
    .map((/** @type {any} */ each) => ({ key: run.name, name: run.name, look: i, steps: each.steps, values: each.values, sentence: named(run.name, each.sentence) })));
  return html`<section class="card together" aria-labelledby="together-title">
    <h2 id="together-title">${t('runs.together')}</h2>
    ${!chosen.length ? html`<p class="faint">${t('runs.together.none')}</p>` : html`
      <label class="row"><span>${t('runs.quantity')}</span><select value=${quantity} onChange=${(/** @type {any} */ event) => change({ quantity: event.target.value })}>
        ${QUANTITIES.filter((each) => each === quantity || there.has(each)).map((each) => html`<option key=${each} value=${each}>${quantityName(each)}</option>`)}</select></label>
      ${curves.refusal.value && html`<${Refused} refusal=${curves.refusal.value} />`}
      ${runs.map((/** @type {any} */ run) => html`<${Trouble} key=${run.name} run=${run} />`)}
      ${!found ? !curves.refusal.value && html`<p class="faint">${t('shell.loading')}</p>`
        : html`<${Curves} title=${quantityName(quantity)} series=${series} share=${quantity.endsWith('accuracy')} onRange=${look(series)} height=${300} />
          ${series.length < runs.length && html`<p class="small faint">${t('runs.together.without', { count: runs.length - series.length })}</p>`}`}`}
  </section>`;
}

/** A sentence that says of which run it is. @param {string} name @param {{en: string, zh: string}} sentence */
const named = (name, sentence) => ({ en: `${name}: ${sentence.en}`, zh: `${name}：${sentence.zh}` });

/** What is wrong with a run's metrics. @param {{run: any}} props */
export function Trouble({ run }) {
  if (run.gone) return html`<p class="note" role="status">${hasWords(run.gone.key) ? t(run.gone.key, run.gone.values) : ''}</p>`;
  if (run.damaged) return html`<p class="note" role="status">${t('runs.damaged', { name: run.name, count: run.damaged })}</p>`;
  return null;
}

let timer = 0;

/** What a look at another stretch of steps does: the points between are asked for. @param {{steps: number[]}[]} series */
export function look(series) {
  const first = Math.min(...series.map((each) => each.steps[0] ?? Infinity));
  const last = Math.max(...series.map((each) => each.steps[each.steps.length - 1] ?? -Infinity));
  return (/** @type {number} */ low, /** @type {number} */ high) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const all = low <= first && high >= last;
      const next = all ? null : /** @type {[number, number]} */ ([Math.max(0, Math.floor(low)), Math.ceil(high)]);
      if (JSON.stringify(next) !== JSON.stringify(stretch.peek())) stretch.value = next;
    }, 200);
  };
}
