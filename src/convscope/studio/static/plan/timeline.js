/** The memory of a training step from its beginning to its end, and what makes its peak. */
import { html } from '../parts.js';
import { axisOf, Chart, placesOf } from '../charts.js';
import { bytes } from '../units.js';
import { t } from '../words.js';
import { change, state } from './state.js';

const [WIDTH, HEIGHT] = [900, 320];

/** @param {{found: any}} props */
export function Timeline({ found }) {
  const { timeline } = found;
  const { kinds, bytes: columns, phases, peak, most, moment } = timeline;
  if (!columns.length) return null;
  const last = columns.length - 1;
  const shown = Math.min(last, state.value.moment < 0 ? peak : state.value.moment);
  const there = kinds.map((/** @type {string} */ _, /** @type {number} */ i) => i).filter((/** @type {number} */ i) => columns.some((/** @type {number[]} */ each) => each[i] > 0));
  const x = axisOf([0, last], t('plan.timeline.x'), () => '', { low: 0, high: last });
  x.ticks = [];
  const y = axisOf([0, most], t('plan.timeline.y'), bytes, { low: 0 });
  const at = placesOf(x, y, WIDTH, HEIGHT);
  const tops = columns.map(() => 0);
  const areas = there.map((/** @type {number} */ kind) => {
    const bottom = [...tops];
    columns.forEach((/** @type {number[]} */ each, /** @type {number} */ i) => { tops[i] += each[kind]; });
    const upper = tops.map((top, i) => `${at.x(i).toFixed(1)} ${at.y(top).toFixed(1)}`).join('L');
    const lower = bottom.map((low, i) => `${at.x(i).toFixed(1)} ${at.y(low).toFixed(1)}`).reverse().join('L');
    return html`<path key=${kind} class=${`kind ${kinds[kind]}`} d=${`M${upper}L${lower}Z`} />`;
  });
  const total = (/** @type {number} */ i) => columns[i].reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
  const phaseAt = phases.filter((/** @type {any} */ each) => each.at <= shown).at(-1)?.phase ?? 'forward';
  const told = t('plan.timeline.at', { moment: shown + 1, count: last + 1, phase: t(`plan.phase.${phaseAt}`), total: bytes(total(shown)) });
  return html`<section class="card timeline" aria-labelledby="timeline-title"><h2 id="timeline-title">${t('plan.timeline')}</h2>
    <div class="scroll wide-chart" tabindex="0" role="group" aria-labelledby="timeline-title"><${Chart} name=${t('plan.timeline.chart', { most: bytes(most) })} x=${x} y=${y} width=${WIDTH} height=${HEIGHT}>
      ${areas}
      ${phases.map((/** @type {any} */ each) => html`<g key=${each.phase}><line class="phase" x1=${at.x(each.at)} x2=${at.x(each.at)} y1=${at.top} y2=${at.bottom} />
        <text x=${at.x(each.at) + 4} y=${at.bottom + 16}>${t(`plan.phase.${each.phase}`)}</text></g>`)}
      <line class="cursor" x1=${at.x(shown)} x2=${at.x(shown)} y1=${at.top - 6} y2=${at.bottom} />
      <path class="peak" d=${`M${at.x(peak)} ${at.y(most) - 2}l-6 -10h12z`} />
    </${Chart}></div>
    <ul class="kinds">${there.map((/** @type {number} */ kind) => html`<li key=${kind}><span class=${`swatch ${kinds[kind]}`} aria-hidden="true"></span>${t(`plan.kind.${kinds[kind]}`)} <strong>${bytes(columns[shown][kind])}</strong></li>`)}</ul>
    <label class="slide"><span>${told}</span><input type="range" min="0" max=${last} value=${shown} aria-valuetext=${told} onInput=${(/** @type {any} */ event) => change({ moment: Number(event.target.value) })} /></label>
    <div class="row">${shown !== peak && html`<button type="button" onClick=${() => change({ moment: -1 })}>${t('plan.timeline.peak')}</button>`}</div>
    ${moment && html`<${Moment} moment=${moment} most=${most} />`}
    <p class="small faint">${t('plan.timeline.why', { process: bytes(found.forecast.memory.parts.process ?? 0), data: bytes(found.forecast.memory.parts['data set'] ?? 0) })}</p>
  </section>`;
}

/** What is under way and what is held at the peak. @param {{moment: any, most: number}} props */
function Moment({ moment, most }) {
  const shapes = moment.shapes.filter((/** @type {number[]} */ shape) => shape.length).map((/** @type {number[]} */ shape) => shape.join(' × ')).join(', ');
  const where = (/** @type {string} */ layer) => layer || t('plan.outside');
  return html`<div class="peak-words"><p>${t('plan.peak', { most: bytes(most), phase: t(`plan.phase.${moment.phase}`) })} <code translate=${false}>${moment.operation}</code>
      ${moment.layer && html`<span> ${t('plan.peak.in')} <code translate=${false}>${moment.layer}</code></span>`} ${shapes && html`<span class="faint small">(${shapes})</span>`}</p>
    <div class="scroll"><table class="grid list"><caption>${t('plan.peak.largest')}</caption><thead><tr><th scope="col" class="text">${t('plan.peak.holds')}</th><th scope="col" class="text">${t('plan.peak.layer')}</th><th scope="col">${t('plan.peak.bytes')}</th></tr></thead>
      <tbody>${moment.largest.map((/** @type {any} */ each, /** @type {number} */ i) => html`<tr key=${i}><td class="text">${t(`plan.kind.${each.kind}`)}</td><td class="text" translate=${each.layer ? false : undefined}>${where(each.layer)}</td><td>${bytes(each.bytes)}</td></tr>`)}</tbody></table></div></div>`;
}
