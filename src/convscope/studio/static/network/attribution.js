/** Which pixels count for a class, over the image, by the method that is chosen. */
import { html } from '../parts.js';
import { Plane, Scale } from '../plane.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { attribution, network } from './data.js';
import { Part } from './part.js';
import { change, state } from './state.js';
import { className } from './words.js';

const METHODS = ['grad-cam', 'saliency', 'integrated-gradients', 'occlusion'];

export function AttributionPanel() {
  const { method, label } = state.value;
  const { answer } = network.found.value;
  return html`<div class="row">
      <label class="row"><span>${t('network.method')}</span>
        <select value=${method} onChange=${(event) => change({ method: event.target.value })}>
          ${!METHODS.includes(method) && html`<option value=${method}>${method}</option>`}
          ${METHODS.map((each) => html`<option key=${each} value=${each}>${t(`network.method.${each}`)}</option>`)}</select></label>
      <label class="row"><span>${t('network.explained')}</span>
        <select value=${label} onChange=${(event) => change({ label: Number(event.target.value) })}>
          <option value="-1">${t('network.explained.predicted')}</option>
          ${Array.from({ length: Math.min(answer.count ?? 0, 1000) }, (_, i) => html`<option key=${i} value=${i}>${className(i)}</option>`)}</select></label>
    </div>
    <${Part} part=${attribution} shown=${(/** @type {any} */ found) => html`<${Over} found=${found} />`} />`;
}

/** @param {{found: any}} props */
function Over({ found }) {
  const { image } = network.found.value;
  const { opacity } = state.value;
  return html`<div class="beside">
    <div><${Plane} array=${image} top=${255} marks=${[]} most=${340} overlay=${{ array: found.heat, opacity: opacity / 100 }}
        name=${t('network.attribution.plane', { label: className(found.label) })} describedBy="attribution-words" />
      <label class="row slide"><span>${t('network.opacity')}</span>
        <input type="range" min="0" max="100" step="5" value=${opacity} aria-valuetext=${`${opacity} %`}
          onInput=${(event) => change({ opacity: Number(event.target.value) })} /><output>${opacity} %</output></label></div>
    <div class="said"><p id="attribution-words">${t('network.attribution.for', { label: className(found.label) })}</p>
      <p class="small">${why(found)}</p>
      <${Scale} array=${found.heat} signs=${true} name=${t(found.signed ? 'network.attribution.scale.signed' : 'network.attribution.scale')} />
      <p class="small faint">${t(found.signed ? 'network.attribution.scale.signed' : 'network.attribution.scale')}</p>
      <p class="small faint">${t('network.attribution.care')}</p></div></div>`;
}

/** What the method did, with its own numbers. @param {any} found */
function why({ method, facts, heat }) {
  if (method === 'grad-cam') {
    const [count, height, width] = facts.shape;
    const none = heat.data.every((/** @type {number} */ value) => value === 0);
    return `${t('network.attribution.why.grad-cam', { layer: facts.layer, count, height, width })} ${none ? t('network.attribution.none') : ''}`;
  }
  if (method === 'occlusion') {
    return t('network.attribution.why.occlusion', { height: facts.window[0], width: facts.window[1], windows: facts.windows });
  }
  if (method === 'integrated-gradients') {
    const numbers = { sum: shown(facts.sum ?? NaN), difference: shown(facts.difference ?? NaN), steps: facts.steps };
    return `${t('network.attribution.why.integrated-gradients')} ${t(facts.complete ? 'network.attribution.complete' : 'network.attribution.incomplete', numbers)}`;
  }
  return t('network.attribution.why.saliency');
}
