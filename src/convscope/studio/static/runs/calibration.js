/** Whether probabilities can be taken at their word, and whether the network knows what it doesn't know. */
import { html } from '../parts.js';
import { axisOf, Chart, placesOf } from '../charts.js';
import { shown } from '../numbers.js';
import { percent } from '../units.js';
import { t } from '../words.js';

const [WIDTH, HEIGHT] = [440, 300];

/** @param {{result: any, path: string}} props */
export function Calibration({ result, path }) {
  const { calibration, reliability } = result;
  return html`<section class="card calibration" aria-labelledby="calibration-title"><h2 id="calibration-title">${t('runs.calibration')}</h2>
    <p class="small faint">${t('runs.calibration.why')}</p>
    ${calibration && html`<p>${sentence(calibration)}</p>`}
    ${reliability ? html`<${Reliability} reliability=${reliability} calibration=${calibration} />`
      : html`<p class="note">${t('runs.calibration.none')} <code translate=${false}>convscope evaluate ${path}</code></p>`}
  </section>`;
}

/** @param {any} calibration */
function sentence(calibration) {
  const { ece_before: before, ece_after: after, temperature } = calibration;
  if (temperature === 1) return t('runs.calibration.plain', { error: percent(after) });
  return t('runs.calibration.tempered', { error: percent(after), before: percent(before), temperature: shown(Number(temperature.toPrecision(3))) });
}

/** @param {{reliability: any, calibration: any}} props */
function Reliability({ reliability, calibration }) {
  const write = (/** @type {number} */ value) => `${Math.round(100 * value)} %`;
  const x = axisOf([], t('runs.confidence'), write, { low: 0, high: 1 });
  const y = axisOf([], t('runs.right'), write, { low: 0, high: 1 });
  const at = placesOf(x, y, WIDTH, HEIGHT);
  const tempered = calibration && calibration.temperature !== 1;
  const filled = (/** @type {any[]} */ bins) => bins.filter((bin) => bin.count > 0);
  const [after, before] = [filled(reliability.after), filled(reliability.before)];
  const line = (/** @type {any[]} */ bins) => bins.map((bin, i) => `${i ? 'L' : 'M'}${at.x(bin.confidence)} ${at.y(bin.accuracy)}`).join('');
  const largest = Math.max(1, ...[...after, ...before].map((bin) => bin.count));
  const size = (/** @type {any} */ bin) => 2 + 7 * Math.sqrt(bin.count / largest);
  return html`<${Chart} name=${t('runs.calibration.chart')} x=${x} y=${y} width=${WIDTH} height=${HEIGHT}>
      <line class="ideal" x1=${at.x(0)} y1=${at.y(0)} x2=${at.x(1)} y2=${at.y(1)} />
      ${tempered && html`<path class="line two" d=${line(before)} />${before.map((bin) => html`<rect key=${bin.low} class="mark two" x=${at.x(bin.confidence) - size(bin)} y=${at.y(bin.accuracy) - size(bin)} width=${2 * size(bin)} height=${2 * size(bin)} />`)}`}
      <path class="line one" d=${line(after)} />${after.map((bin) => html`<circle key=${bin.low} class="mark one" cx=${at.x(bin.confidence)} cy=${at.y(bin.accuracy)} r=${size(bin)} />`)}
    </${Chart}>
    <p class="small faint">${tempered ? t('runs.calibration.legend') : t('runs.calibration.legend.plain')}</p>
    <details><summary>${t('runs.calibration.table')}</summary><div class="scroll"><table class="grid"><thead><tr><th scope="col">${t('runs.confidence')}</th><th scope="col">${t('runs.right')}</th><th scope="col">${t('runs.images')}</th></tr></thead>
      <tbody>${after.map((bin) => html`<tr key=${bin.low}><th scope="row">${percent(bin.confidence)}</th><td>${percent(bin.accuracy)}</td><td>${bin.count}</td></tr>`)}</tbody></table></div></details>`;
}

/** @param {{result: any, path: string}} props */
export function Unknown({ result, path }) {
  const { rejection, out_of_distribution: strangers } = result;
  return html`<section class="card" aria-labelledby="unknown-title"><h2 id="unknown-title">${t('runs.unknown')}</h2>
    <p class="small faint">${t('runs.unknown.why')}</p>
    ${rejection ? html`<p>${t('runs.unknown.known', { unknown: percent(rejection.unknown), accuracy: percent(rejection.accuracy), rate: percent(rejection.rate) })}</p>`
      : html`<p class="note">${t('runs.unknown.never')} <code translate=${false}>convscope evaluate ${path} --unknown-rate 0.05</code></p>`}
    ${strangers.length > 0 && html`<div class="scroll"><table class="grid list"><caption>${t('runs.strangers')}</caption>
      <thead><tr><th scope="col" class="text">${t('runs.images')}</th><th scope="col">${t('runs.strangers.count')}</th><th scope="col">${t('runs.strangers.accepted')}</th><th scope="col" translate=${false}>AUROC</th></tr></thead>
      <tbody>${strangers.map((/** @type {any} */ each) => html`<tr key=${each.data}><th scope="row" class="text" translate=${false}><bdi>${each.data}</bdi></th><td>${each.images}</td><td>${percent(each.false_acceptance)}</td><td>${each.auroc.toFixed(3)}</td></tr>`)}</tbody></table></div>
      <p class="small faint">${t('runs.strangers.why')}</p>`}
  </section>`;
}
