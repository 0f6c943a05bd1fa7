/** All runs: sorted by a click on a heading, filtered, and chosen for drawing. */
import { html } from '../parts.js';
import { bytes, duration, percent } from '../units.js';
import { hasWords, t } from '../words.js';
import { MOST_RUNS, readTable, table } from './data.js';
import { choose, change, chosenRuns, openRun, SORTS, state } from './state.js';

const compare = new Intl.Collator(undefined, { numeric: true }).compare;
const STATES = ['finished', 'running', 'stopped', 'failed', 'damaged'];

/** What a column is sorted by; null comes last. @type {Record<string, (run: any) => string | number | null>} */
const KEYS = {
  name: (run) => run.name,
  state: (run) => STATES.indexOf(run.state),
  network: (run) => run.network || null,
  data: (run) => dataName(run.data) || null,
  accuracy: (run) => run.accuracy,
  epochs: (run) => run.epochs,
  time: (run) => run.time.actual ?? run.seconds,
  memory: (run) => run.memory.actual,
  written: (run) => run.written,
};

/** The last part of a path; names of data sets are as they are. @param {string} data */
export const dataName = (data) => data.replace(/[/\\]+$/, '').split(/[/\\]/).pop() ?? '';

/** When, as the reader's clock has it; the same in both languages. @param {number} seconds Since 1970. */
export function moment(seconds) {
  const at = new Date(1000 * seconds);
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** The runs that are shown, in order. @returns {any[]} */
function shownRuns() {
  const { find, only, sort, order } = state.value;
  const wanted = find.trim().toLowerCase();
  const found = table.found.value.runs.filter((/** @type {any} */ run) => (!only || run.state === only)
    && (!wanted || `${run.name}\n${run.network}\n${run.data}`.toLowerCase().includes(wanted)));
  const sign = order === 'down' ? -1 : 1;
  return found.sort((/** @type {any} */ a, /** @type {any} */ b) => {
    const [x, y] = [KEYS[sort](a), KEYS[sort](b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (typeof x === 'string' ? compare(x, String(y)) : x - Number(y)) || compare(a.name, b.name);
  });
}

export function Table() {
  const { runs, folder } = table.found.value;
  if (!runs.length) {
    return html`<section class="card"><p>${t('runs.none', { folder })}</p>
      <pre tabindex="0" translate=${false} aria-label=${t('copies.command')}><code>convscope train resnet9 digits --out ${folder}/first</code></pre></section>`;
  }
  const shown = shownRuns();
  const chosen = new Set(chosenRuns());
  const { find, only } = state.value;
  const states = STATES.filter((each) => each === only || runs.some((/** @type {any} */ run) => run.state === each));
  return html`<section class="card runs" aria-labelledby="runs-table">
    <div class="row spread"><h2 id="runs-table">${t('runs.all', { count: runs.length })}</h2><bdi class="faint small" translate=${false}>${folder}</bdi></div>
    <div class="row tools-row">
      <label class="row"><span>${t('runs.find')}</span><input type="text" value=${find} autocomplete="off" spellcheck=${false}
        onInput=${(/** @type {any} */ event) => change({ find: event.target.value })} /></label>
      <label class="row"><span>${t('runs.only')}</span><select value=${only} onChange=${(/** @type {any} */ event) => change({ only: event.target.value })}>
        <option value="">${t('runs.only.all')}</option>
        ${states.map((each) => html`<option key=${each} value=${each}>${t(`runs.state.${each}`)}</option>`)}</select></label>
      <button type="button" disabled=${!shown.length} onClick=${() => choose(shown.slice(0, MOST_RUNS).map((run) => run.name))}>${t('runs.choose')}</button>
      <button type="button" disabled=${!chosen.size} onClick=${() => choose([])}>${t('runs.choose.none')}</button>
      <button type="button" onClick=${readTable}>${t('runs.again')}</button>
      <a class="button" href="/api/runs/table.csv" download="runs.csv">${t('runs.csv')}</a>
    </div>
    <p class="small faint" role="status">${shown.length < runs.length ? t('runs.shown', { shown: shown.length, count: runs.length }) : ''}</p>
    <div class="scroll tall" tabindex="0" role="group" aria-labelledby="runs-table"><table class="grid list">
      <caption class="unseen">${t('runs.sorting')}</caption>
      <thead><tr><th scope="col"><span class="unseen">${t('runs.chosen')}</span></th>${SORTS.map((name) => html`<${Heading} key=${name} name=${name} />`)}</tr></thead>
      <tbody>${shown.map((run) => html`<${Row} key=${run.name} run=${run} chosen=${chosen.has(run.name)} />`)}</tbody>
    </table></div>
    <p class="small faint">${t('runs.written.why')}</p>
  </section>`;
}

/** @param {{name: string}} props */
function Heading({ name }) {
  const { sort, order } = state.value;
  const now = sort === name;
  const rising = ['name', 'state', 'network', 'data'].includes(name);
  const next = now ? (order === 'up' ? 'down' : 'up') : rising ? 'up' : 'down';
  return html`<th scope="col" class=${rising ? 'text' : ''} aria-sort=${now ? (order === 'up' ? 'ascending' : 'descending') : undefined}>
    <button type="button" class="link" onClick=${() => change({ sort: name, order: next })}>${t(`runs.column.${name}`)}<span aria-hidden="true">${now ? (order === 'up' ? ' ↑' : ' ↓') : ''}</span></button></th>`;
}

/** @param {{run: any, chosen: boolean}} props */
function Row({ run, chosen }) {
  const toggle = () => {
    const names = chosenRuns();
    choose(chosen ? names.filter((name) => name !== run.name) : [...names, run.name]);
  };
  return html`<tr aria-current=${chosen ? 'true' : undefined}>
    <td><input type="checkbox" checked=${chosen} aria-label=${t('runs.choose.one', { name: run.name })} onChange=${toggle} /></td>
    <th scope="row" class="text name"><button type="button" class="link" translate=${false} onClick=${() => openRun(run.name)}><bdi>${run.name}</bdi></button></th>
    <td class="text"><${StateChip} run=${run} /></td>
    <td class="text" translate=${false}>${run.network || html`<span class="faint">${run.state === 'damaged' ? '–' : t('runs.own')}</span>`}</td>
    <td class="text data" translate=${false}><bdi title=${run.data}>${dataName(run.data) || '–'}</bdi></td>
    <td>${run.accuracy === null ? '–' : html`${percent(run.accuracy)}<small>${percent(run.low)} – ${percent(run.high)}</small>`}</td>
    <td>${run.planned_epochs && run.planned_epochs !== run.epochs ? `${run.epochs} / ${run.planned_epochs}` : run.epochs}</td>
    <td><${Figure} value=${run.time.actual ?? run.seconds} figure=${run.time} write=${duration} /></td>
    <td><${Figure} value=${run.memory.actual} figure=${run.memory} write=${bytes} /></td>
    <td>${run.written ? moment(run.written) : '–'}</td>
  </tr>`;
}

/** A run's state, in a word and a colour. @param {{run: any}} props */
export function StateChip({ run }) {
  const kind = { finished: 'good', failed: 'bad', damaged: 'bad' }[/** @type {string} */ (run.state)] ?? '';
  return html`<span class=${`badge ${kind}`} title=${run.reason || undefined}>${t(`runs.state.${run.state}`)}</span>`;
}

/** A quantity with what was forecast of it. @param {{value: number | null, figure: any, write: (value: number | null) => string}} props */
function Figure({ value, figure, write }) {
  return html`${write(value)}${figure.forecast !== null && html`<small>${t('runs.forecast.short', { forecast: write(figure.forecast) })} <${Verdict} figure=${figure} /></small>`}`;
}

/** Whether what came lies in the range that was forecast. @param {{figure: any}} props */
export function Verdict({ figure }) {
  const { actual, low, high } = figure;
  if (actual === null || low === null || high === null) return null;
  const key = actual < low ? 'below' : actual > high ? 'above' : 'within';
  const sign = { below: '▼', above: '▲', within: '✓' }[key];
  return html`<span class=${key === 'within' ? 'good' : 'bad'} title=${t(`runs.forecast.${key}`)}><span aria-hidden="true">${sign}</span><span class="unseen">${t(`runs.forecast.${key}`)}</span></span>`;
}

/** What a quantity of the metrics is called. @param {string} name */
export const quantityName = (name) => (hasWords(`runs.quantity.${name}`) ? t(`runs.quantity.${name}`) : name);
