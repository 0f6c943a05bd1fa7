/** Time and memory before a training begins, with their ranges, and the button that starts it. */
import { html } from '../parts.js';
import { Note } from '../note.js';
import { t } from '../words.js';
import { anyway, deedRefusal, forecast, isBusy, start } from './data.js';
import { state } from './state.js';
import { bytes, duration } from './words.js';

export function ForecastCard() {
  const found = forecast.found.value?.forecast;
  const paused = isBusy.value && !anyway.value;
  return html`<section class="card forecast" aria-labelledby="forecast-title" aria-busy=${forecast.busy.value}>
    <div class="row spread"><h2 id="forecast-title">${t('train.forecast')}</h2>
      <span class="faint small" role="status">${forecast.busy.value ? t('train.forecast.busy') : ''}</span></div>
    ${paused && html`<p class="note">${t('train.forecast.paused')} <button type="button" onClick=${() => { anyway.value = true; }}>${t('train.forecast.anyway')}</button></p>`}
    ${forecast.refusal.value ? html`<${Why} refusal=${forecast.refusal.value} />` : found ? html`<${Figures} found=${found} />`
      : !paused && html`<p class="faint">${t('train.forecast.first')}</p>`}
    ${deedRefusal.value && html`<${Why} refusal=${deedRefusal.value} />`}
    <div class="row"><button type="button" class="main start" disabled=${!state.value.data.trim()} onClick=${start}>${t('train.start')}</button>
      <span class="small faint">${t('train.start.why')}</span></div>
    ${found && !forecast.refusal.value && html`<${Notes} found=${found} />`}
  </section>`;
}

/** @param {{refusal: import('../api.js').Refusal}} props */
export function Why({ refusal }) {
  const said = refusal.sentence();
  return html`<p class="note" role="status" lang=${said.lang}>${said.text}</p>`;
}

/** @param {{found: any}} props */
function Figures({ found }) {
  const { time, memory } = found;
  const room = memory.available_bytes;
  const fits = room === null ? '' : memory.peak_bytes > room ? 'no' : memory.high > room ? 'narrow' : 'yes';
  const epochs = time.epochs >= 100 ? Math.round(time.epochs) : Number(time.epochs.toPrecision(3));
  return html`
    <p>${t('train.forecast.what', { network: found.network, size: found.size, batch: found.batch_size, precision: found.precision, epochs, steps: time.steps_per_epoch })}</p>
    <${Expected} name=${t('train.time')} value=${time.run_seconds} low=${time.low} high=${time.high} write=${duration} kind="time" />
    <${Expected} name=${t('train.memory')} value=${memory.peak_bytes} low=${memory.low} high=${memory.high} write=${bytes} kind="memory" />
    ${fits && html`<p class=${fits === 'yes' ? 'small' : 'note'}>${t(`train.fits.${fits}`, { free: bytes(room) })}</p>`}
    <p class="small faint">${t('train.forecast.parts', { step: duration(time.step_seconds), epoch: duration(time.epoch_seconds), start: duration(time.start_seconds), end: duration(time.final_evaluation_seconds), speed: Math.round(time.images_per_second) })}</p>
    <p class="small faint">${t('train.forecast.ranges')}</p>`;
}

/** What the library says besides. @param {{found: any}} props */
function Notes({ found }) {
  if (!found.notes.length) return null;
  return html`<details><summary>${t('train.forecast.notes', { count: found.notes.length })}</summary>
    <ul class="small notes">${found.notes.map((/** @type {any} */ note) => html`<li key=${note.text}><${Note} note=${note} /></li>`)}</ul></details>`;
}

/**
 * A figure with its range on a line; `actual` is drawn onto it.
 * @param {{name: string, value: number, low: number, high: number, actual?: number, actualName?: string, write: (value: number) => string, kind?: string}} props
 */
export function Expected({ name, value, low, high, actual, actualName, write, kind }) {
  const end = 1.06 * Math.max(high, actual ?? 0);
  const share = (/** @type {number} */ at) => `${((100 * at) / end).toFixed(2)}%`;
  return html`<div class="expected" data-kind=${kind}><div class="row spread"><h3>${name}</h3>
      <span><strong>${write(value)}</strong> <span class="small faint">${t('train.between', { low: write(low), high: write(high) })}</span></span></div>
    <svg width="100%" height="22" aria-hidden="true">
      <rect class="rail" x="0" y="9" width="100%" height="4" rx="2" />
      <rect class="band" x=${share(low)} y="5" width=${share(high - low)} height="12" rx="3" />
      ${actual !== undefined && html`<rect class="came" x="0" y="9" width=${share(actual)} height="4" rx="2" />`}
      <rect class="tick" x=${share(value)} y="2" width="2.5" height="18" />
    </svg>
    ${actual !== undefined && html`<p class="small">${actualName} <strong>${write(actual)}</strong></p>`}</div>`;
}
