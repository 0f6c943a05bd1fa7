/** One run: what it was, what was forecast, how it went, what it came to, and where it is wrong. */
import { html, useEffect } from '../parts.js';
import { RangeBar } from '../charts.js';
import { Copies } from '../copies.js';
import { Curves } from '../curves.js';
import { shown } from '../numbers.js';
import { Refused } from '../refused.js';
import { bytes, duration, percent } from '../units.js';
import { ViewLink } from '../view_link.js';
import { Note } from '../note.js';
import { hasWords, t } from '../words.js';
import { Calibration, Unknown } from './calibration.js';
import { commandText, pythonText } from './code.js';
import { Cell, Confusion } from './confusion.js';
import { curves, one, stretch } from './data.js';
import { openRun, state } from './state.js';
import { dataName, moment, quantityName, StateChip, Verdict } from './table.js';
import { look, Trouble } from './together.js';

export function OneRun() {
  const { run } = state.value;
  useEffect(() => { stretch.value = null; }, [run]);
  const found = one.found.value?.name === run ? one.found.value : null;
  return html`
    <div class="row"><button type="button" onClick=${() => openRun('')}>← ${t('runs.back')}</button></div>
    ${one.refusal.value && html`<${Refused} refusal=${one.refusal.value} />`}
    ${!found ? !one.refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`
      <div class="row"><h2 class="run-name" translate=${false}><bdi>${run}</bdi></h2><${StateChip} run=${found.summary} /></div>
      <${What} found=${found} />
      ${found.problems.map((/** @type {string} */ each) => html`<p class="note" lang="en" key=${each}>${each}</p>`)}
      <div class="pair"><${Facts} found=${found} /><${Came} found=${found} /></div>
      <${RunCurves} />
      ${found.result && html`
        <div class="pair"><${Confusion} result=${found.result} /><${Cell} found=${found} /></div>
        <div class="pair"><${Calibration} result=${found.result} path=${found.path} />
          <div class="stack"><${Unknown} result=${found.result} path=${found.path} /><${Classes} result=${found.result} /></div></div>`}
      <${Copies} command=${commandText(found)} python=${pythonText(found)} />`}
  `;
}

/** What to do with a run that isn't finished. @param {{found: any}} props */
function What({ found }) {
  const { state: now, reason } = found.summary;
  if (now === 'finished' || now === 'damaged') return null;
  return html`<p class="note" role="status">${t(`runs.what.${now}`)} ${now === 'failed' ? html`<span lang="en">${reason}</span>` : html`<code translate=${false}>convscope resume ${found.path}</code>`}</p>`;
}

/** @param {{found: any}} props */
function Facts({ found }) {
  const { summary, settings, machine, recipe, size } = found;
  /** @type {[string, any][]} */
  const rows = [
    ['network', summary.network || t('runs.own')], ['data', html`<bdi title=${summary.data}>${dataName(summary.data) || t('runs.arrays')}</bdi>`],
    ['size', size ? `${size} × ${size}` : t('runs.size.own')], ['batch_size', summary.batch_size],
    ...Object.entries(settings ?? {}), ...Object.entries(machine),
  ];
  const name = (/** @type {string} */ key) => (hasWords(`runs.setting.${key}`) ? t(`runs.setting.${key}`) : key);
  return html`<section class="card" aria-labelledby="facts-title"><h2 id="facts-title">${t('runs.facts')}</h2>
    <dl class="facts">${rows.map(([key, value]) => html`<div key=${key}><dt>${name(key)}</dt><dd translate=${false}>${typeof value === 'number' ? shown(value) : value ?? '–'}</dd></div>`)}</dl>
    ${recipe && html`<details><summary>${t('runs.recipe')}</summary><pre tabindex="0" translate=${false} aria-label=${t('runs.recipe')}><code>${recipe}</code></pre></details>`}
  </section>`;
}

/** What it came to, beside its forecast, and what can be taken away. @param {{found: any}} props */
function Came({ found }) {
  const { summary, forecast, result, name } = found;
  const asked = `?name=${encodeURIComponent(name)}`;
  return html`<section class="card came-to" aria-labelledby="came-title"><h2 id="came-title">${t('runs.came')}</h2>
    ${summary.accuracy !== null && html`<p class="asked"><strong>${percent(summary.accuracy, 2)}</strong> <span class="faint small">${t('runs.accuracy.of', {
      split: splitName(summary.split), images: summary.images, low: percent(summary.low), high: percent(summary.high) })}</span></p>`}
    ${result && html`<p class="small">${t('runs.balanced', { balanced: percent(result.balanced_accuracy), loss: shown(Number(result.loss.toPrecision(4))) })}</p>`}
    ${(result?.notes ?? []).map((/** @type {any} */ note) => html`<p class="note small" key=${note.text}><${Note} note=${note} /></p>`)}
    <p class="small">${t('runs.epochs.of', { epochs: summary.epochs, planned: summary.planned_epochs ?? '–', seconds: duration(summary.seconds), written: summary.written ? moment(summary.written) : '–' })}</p>
    ${forecast.length > 0 && html`<div class="scroll" tabindex="0" role="group" aria-labelledby="came-title"><table class="grid list"><caption>${t('runs.forecast')}</caption>
      <thead><tr><th scope="col" class="text">${t('runs.quantity')}</th><th scope="col">${t('runs.forecast.expected')}</th><th scope="col">${t('runs.forecast.range')}</th><th scope="col">${t('runs.forecast.actual')}</th></tr></thead>
      <tbody>${forecast.map((/** @type {any} */ row) => html`<${ForecastRow} key=${row.what} row=${row} />`)}</tbody></table></div>`}
    <div class="row">
      ${found.has_report && html`<a class="button" href=${`/api/runs/report${asked}`} target="_blank" rel="noopener">${t('runs.report')} ↗</a>`}
      <a class="button" href=${`/api/runs/metrics.csv${asked}`} download="metrics.csv">${t('runs.metrics.csv')}</a>
      ${found.has_predictions && html`<a class="button" href=${`/api/runs/predictions.csv${asked}`} download="predictions.csv">${t('runs.predictions.csv')}</a>`}
      ${found.has_model && html`<${ViewLink} class="button" view="network" state=${{ network: `stored:${name}` }}>${t('runs.inside')}</${ViewLink}>`}
    </div>
    ${!result && html`<p class="small faint">${t('runs.unevaluated')} <code translate=${false}>convscope evaluate ${found.path}</code></p>`}
  </section>`;
}

/** @param {string} split */
const splitName = (split) => (hasWords(`runs.split.${split}`) ? t(`runs.split.${split}`) : split);

/** @param {{row: any}} props */
function ForecastRow({ row }) {
  const write = row.unit === 'bytes' ? bytes : duration;
  const key = `runs.forecast.${row.what.replaceAll(' ', '_')}`;
  const name = hasWords(key) ? t(key) : row.what;
  const words = t('runs.forecast.words', { name, forecast: write(row.forecast), low: write(row.low), high: write(row.high), actual: write(row.actual) });
  return html`<tr><th scope="row" class="text">${name}</th><td>${write(row.forecast)}</td>
    <td class="text">${row.low !== null && row.high !== null && html`${write(row.low)} – ${write(row.high)}<${RangeBar} figure=${row} name=${words} />`}</td>
    <td>${write(row.actual)} <${Verdict} figure=${row} /></td></tr>`;
}

const CHARTS = { loss: ['loss', 'train_loss', 'validation_loss', 'test_loss'], accuracy: ['train_accuracy', 'validation_accuracy', 'test_accuracy'], rate: ['learning_rate'] };
const LOOKS = { loss: 2, train_loss: 1, validation_loss: 0, test_loss: 3, train_accuracy: 1, validation_accuracy: 0, test_accuracy: 3, learning_rate: 0 };

function RunCurves() {
  const found = curves.found.value?.runs[0]?.name === state.value.run && curves.found.value.runs.length === 1 ? curves.found.value.runs[0] : null;
  const of = (/** @type {string[]} */ names) => (found?.curves ?? []).filter((/** @type {any} */ each) => names.includes(each.name))
    .map((/** @type {any} */ each) => ({ ...each, key: each.name, name: quantityName(each.name), look: LOOKS[/** @type {keyof LOOKS} */ (each.name)] }));
  return html`<section class="card" aria-labelledby="curves-title"><h2 id="curves-title">${t('runs.curves')}</h2>
    ${curves.refusal.value && html`<${Refused} refusal=${curves.refusal.value} />`}
    ${found && html`<${Trouble} run=${found} />`}
    ${!found ? !curves.refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`<div class="charts">
      ${Object.entries(CHARTS).map(([chart, names]) => [chart, of(names)]).filter(([chart, series]) => series.length || chart === 'loss')
    .map(([chart, series]) => html`<${Curves} key=${chart} title=${t(`runs.chart.${chart}`)} series=${series} share=${chart === 'accuracy'} onRange=${look(series)} />`)}</div>`}
  </section>`;
}

/** @param {{result: any}} props */
function Classes({ result }) {
  const share = (/** @type {number | null | undefined} */ value) => percent(value ?? null);
  return html`<section class="card" aria-labelledby="classes-title"><h2 id="classes-title">${t('runs.classes')}</h2>
    <div class="scroll tall" tabindex="0" role="group" aria-labelledby="classes-title"><table class="grid list"><thead><tr><th scope="col" class="text">${t('network.class.head')}</th>
      <th scope="col">${t('runs.precision')}</th><th scope="col">${t('runs.recall')}</th><th scope="col">F1</th><th scope="col">${t('runs.images')}</th></tr></thead>
      <tbody>${result.per_class.map((/** @type {any} */ each, /** @type {number} */ i) => html`<tr key=${i}><th scope="row" class="text" translate=${false}><bdi>${result.classes[i]}</bdi></th>
        <td>${share(each.precision)}</td><td>${share(each.recall)}</td><td>${share(each.f1)}</td><td>${each.count}</td></tr>`)}</tbody></table></div>
    <p class="small faint">${t('runs.classes.why')}</p></section>`;
}
