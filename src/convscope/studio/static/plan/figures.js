/** Time and memory with their ranges, what like runs came to, and the largest batch. */
import { html } from '../parts.js';
import { axisOf, Chart, placesOf, RangeBar } from '../charts.js';
import { Refused } from '../refused.js';
import { bytes, duration, quantity } from '../units.js';
import { ViewLink } from '../view_link.js';
import { Note } from '../note.js';
import { hasWords, t } from '../words.js';
import { findLargest, largest, largestFor } from './data.js';
import { change, settings, state } from './state.js';

/** @param {{found: any}} props */
export function Figures({ found }) {
  const { time, memory } = found.forecast;
  const rows = [
    { key: 'run', write: duration, forecast: time.run_seconds, low: time.low, high: time.high, of: 'time' },
    { key: 'epoch', write: duration, forecast: time.epoch_seconds, low: time.epoch_low, high: time.epoch_high, of: '' },
    { key: 'step', write: duration, forecast: time.step_seconds, low: time.step_low, high: time.step_high, of: 'step' },
    { key: 'memory', write: bytes, forecast: memory.peak_bytes, low: memory.low, high: memory.high, of: 'memory' },
  ];
  const epochs = Number(time.epochs.toPrecision(3));
  return html`<p>${t('plan.what', { size: found.size, batch: found.forecast.batch_size, precision: found.forecast.precision, epochs, steps: time.steps_per_epoch })}</p>
    <div class="scroll"><table class="grid list expected-table"><caption class="unseen">${t('plan.forecast')}</caption>
      <thead><tr><th scope="col" class="text">${t('runs.quantity')}</th><th scope="col">${t('runs.forecast.expected')}</th><th scope="col" class="text">${t('runs.forecast.range')}</th></tr></thead>
      <tbody>${rows.map((row) => html`<${Row} key=${row.key} row=${row} runs=${found.runs} epochs=${epochs} />`)}</tbody></table></div>
    ${memory.available_bytes !== null && html`<p class=${memory.high <= memory.available_bytes ? 'small' : 'note'}>${t(`plan.fits.${memory.peak_bytes > memory.available_bytes ? 'no' : memory.high > memory.available_bytes ? 'narrow' : 'yes'}`, { free: bytes(memory.available_bytes) })}</p>`}
    <${Phases} time=${time} />
    <${Like} found=${found} epochs=${epochs} />
    ${found.recomputed.length > 0 && html`<p class="small">${t('plan.recomputed')} <code translate=${false}>${found.recomputed.join(', ')}</code></p>`}
    ${state.value.recompute && !found.recomputed.length && html`<p class="small">${t('plan.recomputed.none')}</p>`}
    <${Largest} found=${found} />
    ${found.forecast.notes.length > 0 && html`<details><summary>${t('plan.notes', { count: found.forecast.notes.length })}</summary>
      <ul class="small">${found.forecast.notes.map((/** @type {any} */ note) => html`<li key=${note.text}><${Note} note=${note} /></li>`)}</ul></details>`}`;
}

/** A quantity with its range, onto which like runs are drawn. @param {{row: any, runs: any[], epochs: number}} props */
function Row({ row, runs, epochs }) {
  const { key, write, forecast, low, high, of } = row;
  const name = t(`plan.figure.${key}`);
  const came = runs.filter((run) => of && run[of].actual !== null && (of !== 'time' || run.epochs === epochs)).map((run) => run[of].actual);
  const words = t('plan.figure.words', { name, forecast: write(forecast), low: write(low), high: write(high), came: came.length ? came.map(write).join(', ') : '–' });
  return html`<tr data-figure=${key}><th scope="row" class="text">${name}</th><td><strong>${write(forecast)}</strong></td>
    <td class="text">${write(low)} – ${write(high)}<${RangeBar} figure=${{ forecast, low, high, actual: null }} others=${came} name=${words} /></td></tr>`;
}

/** What a step's time is for. @param {{time: any}} props */
function Phases({ time }) {
  const rest = Math.max(0, time.step_seconds - Object.values(time.phases).reduce((/** @type {number} */ sum, each) => sum + Number(each), 0));
  const parts = [...Object.entries(time.phases), ['rest', rest]];
  return html`<p class="small faint">${t('plan.phases')} ${parts.map(([name, seconds]) => `${hasWords(`plan.phase.${name}`) ? t(`plan.phase.${name}`) : name} ${duration(Number(seconds))}`).join(t('plan.and'))}</p>`;
}

/** Runs that were trained so. @param {{found: any, epochs: number}} props */
function Like({ found, epochs }) {
  if (!found.runs.length) return html`<p class="small faint">${t('plan.like.none')}</p>`;
  const differ = found.runs.some((/** @type {any} */ run) => run.epochs !== epochs);
  return html`<p class="small">${t('plan.like', { count: found.runs.length })} ${found.runs.map((/** @type {any} */ run, /** @type {number} */ i) => html`${i > 0 && t('plan.and')}<${ViewLink} key=${run.name} view="runs" state=${{ run: run.name }}><bdi translate=${false}>${run.name}</bdi></${ViewLink}>`)}
    ${differ && html` <span class="faint">${t('plan.like.epochs')}</span>`}</p>`;
}

/** The largest batch within a limit. @param {{found: any}} props */
function Largest({ found }) {
  const free = found.forecast.memory.available_bytes;
  const { limit } = state.value;
  const asked = limit ? Math.round(Number(limit) * 1e9) : free;
  const answer = largestFor.value === JSON.stringify(settings(state.value)) ? largest.found.value : null;
  return html`<form class="row largest" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (asked) void findLargest(asked); }}>
      <label class="row"><span>${t('plan.limit')}</span><input type="text" inputmode="decimal" value=${limit} placeholder=${free === null ? '' : (free / 1e9).toFixed(1)} autocomplete="off"
        onInput=${(/** @type {any} */ event) => { const text = event.target.value.trim(); if (/^\d{0,4}(\.\d{0,3})?$/.test(text)) change({ limit: text }); }} /> <span translate=${false}>GB</span></label>
      <button type="submit" disabled=${!asked || largest.busy.value}>${largest.busy.value ? t('plan.busy') : t('plan.largest')}</button></form>
    ${largest.refusal.value && html`<${Refused} refusal=${largest.refusal.value} />`}
    ${answer && html`<p role="status" class="largest-answer">${t('plan.largest.is', { batch: answer.batch_size, limit: bytes(answer.limit_bytes), memory: bytes(answer.peak_bytes), high: bytes(answer.high), epoch: duration(answer.epoch_seconds) })}
      ${answer.is_all_images ? t('plan.largest.all') : ''} ${answer.recomputation ? t('plan.largest.recompute', { batch: answer.recomputation.batch_size, work: `${Math.round(100 * answer.recomputation.more_work)} %` }) : ''}
      <button type="button" onClick=${() => change({ batch: String(answer.batch_size) })}>${t('plan.largest.take')}</button></p>`}`;
}

const [WIDTH, HEIGHT] = [440, 260];

/** Memory against the batch size. @param {{found: any}} props */
export function Batches({ found }) {
  const { batches } = found;
  const [own, free] = [found.forecast.batch_size, found.forecast.memory.available_bytes];
  const x = axisOf(batches.map((/** @type {any} */ each) => each.batch_size), t('plan.dial.batch'), quantity, { logarithmic: true });
  x.ticks = batches.map((/** @type {any} */ each) => each.batch_size);
  const y = axisOf(batches.flatMap((/** @type {any} */ each) => [each.memory.low, each.memory.high]), t('plan.figure.memory'), bytes, { low: 0 });
  const at = placesOf(x, y, WIDTH, HEIGHT);
  const line = (/** @type {(each: any) => number} */ value, /** @type {any[]} */ rows) => rows.map((each) => `${at.x(each.batch_size)} ${at.y(value(each))}`).join('L');
  const band = `M${line((each) => each.memory.high, batches)}L${line((each) => each.memory.low, [...batches].reverse())}Z`;
  return html`<section class="card batches" aria-labelledby="batches-title"><h2 id="batches-title">${t('plan.batches')}</h2>
    <div class="beside"><${Chart} name=${t('plan.batches.chart')} x=${x} y=${y} width=${WIDTH} height=${HEIGHT}>
      <path class="area" d=${band} /><path class="line one" d=${`M${line((each) => each.memory.value, batches)}`} />
      ${batches.map((/** @type {any} */ each) => html`<circle key=${each.batch_size} class="mark one" cx=${at.x(each.batch_size)} cy=${at.y(each.memory.value)} r=${each.batch_size === own ? 7 : 4} />`)}
      ${free !== null && free < y.high && html`<line class="ideal" x1=${at.left} x2=${at.right} y1=${at.y(free)} y2=${at.y(free)} />`}
    </${Chart}>
    <div class="scroll"><table class="grid"><thead><tr><th scope="col">${t('plan.dial.batch')}</th><th scope="col">${t('plan.figure.memory')}</th><th scope="col">${t('runs.forecast.range')}</th></tr></thead>
      <tbody>${batches.map((/** @type {any} */ each) => html`<tr key=${each.batch_size} aria-current=${each.batch_size === own ? 'true' : undefined}><th scope="row">${each.batch_size}</th><td>${bytes(each.memory.value)}</td><td>${bytes(each.memory.low)} – ${bytes(each.memory.high)}</td></tr>`)}</tbody></table></div></div>
    <p class="small faint">${t('plan.batches.why')}</p></section>`;
}
