/** What is set: each dial moves the forecast. */
import { Labels, NAMED } from '../labels.js';
import { html, useState } from '../parts.js';
import { t } from '../words.js';
import { choices, forecast } from './data.js';
import { change, state } from './state.js';

const PATH = 'path';

/** What the recipe has, once a forecast has said it. @param {"batch_size" | "epochs" | "size"} field */
function usual(field) {
  const found = forecast.found.value;
  if (!found) return '';
  const asked = JSON.parse(found.asked);
  if (asked.network !== state.value.network || asked.data !== state.value.data.trim()) return '';
  const value = field === 'size' ? found.size : found.recipe[field];
  return value ? String(value) : '';
}

export function Dials() {
  const { network, data, recipe, precision, recompute } = state.value;
  const networks = (choices.value?.networks ?? []).map((/** @type {any} */ each) => each.name);
  const sets = choices.value?.data ?? [data];
  const [byPath, setByPath] = useState(false);
  const own = byPath || !sets.includes(data);
  const option = (/** @type {string} */ each) => html`<option key=${each} value=${each}>${each}</option>`;
  return html`<section class="card setup" aria-labelledby="dials-title"><h2 id="dials-title">${t('plan.dials')}</h2>
    <div class="fields">
      <label class="field"><span>${t('plan.network')}</span><select value=${network} translate=${false} onChange=${(/** @type {any} */ event) => change({ network: event.target.value })}>
        ${!networks.includes(network) && option(network)}${networks.map(option)}</select><small>${t('plan.network.why')}</small></label>
      <div class="field"><label class="field"><span>${t('plan.data')}</span><select value=${own ? PATH : data} translate=${false}
        onChange=${(/** @type {any} */ event) => { setByPath(event.target.value === PATH); if (event.target.value !== PATH) change({ data: event.target.value }); }}>
        ${sets.map(option)}<option value=${PATH}>${t('plan.data.path')}</option></select></label>
        ${own && html`<input type="text" value=${data} aria-label=${t('plan.data.path')} autocomplete="off" spellcheck=${false} onChange=${(/** @type {any} */ event) => change({ data: event.target.value })} />`}
        <small>${t('plan.data.why')}</small></div>
      <label class="field"><span>${t('train.recipe')}</span><select value=${recipe} onChange=${(/** @type {any} */ event) => change({ recipe: event.target.value })}>
        <option value="">${t('train.recipe.usual')}</option><option value="book">${t('train.recipe.book')}</option><option value="fast">${t('train.recipe.fast')}</option></select><small>${t('train.recipe.why')}</small></label>
      <${Dial} name="batch" field="batch_size" step=${(/** @type {number} */ value, /** @type {number} */ way) => (way > 0 ? value * 2 : Math.max(1, Math.floor(value / 2)))} />
      <${Dial} name="size" field="size" step=${(/** @type {number} */ value, /** @type {number} */ way) => Math.max(8, value + 8 * way)} />
      <${Dial} name="epochs" field="epochs" step=${(/** @type {number} */ value, /** @type {number} */ way) => Math.max(1, value + way)} />
      <label class="field"><span>${t('plan.precision')}</span><select value=${precision} onChange=${(/** @type {any} */ event) => change({ precision: event.target.value })}>
        <option value="">${t('plan.precision.usual')}</option><option value="float32" translate=${false}>float32</option><option value="bfloat16" translate=${false}>bfloat16</option></select><small>${t('plan.precision.why')}</small></label>
    </div>
    ${!NAMED.includes(data.trim()) && html`<${Labels} values=${state.value} onChange=${change} />`}
    <label class="check"><input type="checkbox" checked=${recompute} onChange=${(/** @type {any} */ event) => change({ recompute: event.target.checked })} /><span>${t('plan.recompute')}</span></label>
    <p class="small faint">${t('plan.recompute.why')}</p>
  </section>`;
}

/** A number of the recipe; empty: as it is there. @param {{name: "batch" | "size" | "epochs", field: "batch_size" | "size" | "epochs", step: (value: number, way: number) => number}} props */
function Dial({ name, field, step }) {
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const value = state.value[name];
  const good = (/** @type {string} */ text) => text === '' || /^[1-9]\d{0,5}$/.test(text);
  const turn = (/** @type {number} */ way) => {
    const now = Number(value || usual(field) || 32);
    change({ [name]: String(Math.min(65536, step(now, way))) });
  };
  const id = `plan-${name}`;
  const label = t(`plan.dial.${name}`);
  return html`<div class="field"><label for=${id}><span>${label}</span></label>
    <div class="row dial"><input id=${id} type="text" inputmode="numeric" autocomplete="off" value=${typed ?? value} placeholder=${usual(field)} aria-describedby=${`${id}-why`}
        aria-invalid=${typed !== null && !good(typed)}
        onInput=${(/** @type {any} */ event) => { const text = event.target.value.trim(); setTyped(text); if (good(text)) change({ [name]: text }); }} onBlur=${() => setTyped(null)} />
      <button type="button" aria-label=${t('plan.less', { what: label })} onClick=${() => turn(-1)}>−</button>
      <button type="button" aria-label=${t('plan.more', { what: label })} onClick=${() => turn(1)}>+</button></div>
    <small id=${`${id}-why`}>${t(`plan.dial.${name}.why`)}</small></div>`;
}
