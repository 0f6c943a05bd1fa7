/** Choosing what is trained, on what, and how; empty fields are as the recipe has them. */
import { Labels, NAMED } from '../labels.js';
import { html, useState } from '../parts.js';
import { t } from '../words.js';
import { choices, forecast } from './data.js';
import { change, state } from './state.js';

/** What the recipe has, once a forecast has said it, for the network and data that are set. @param {string} field */
function usual(field) {
  const found = forecast.found.value;
  const { network, data } = state.value;
  if (!found || found.network !== network || found.data !== data.trim()) return '';
  const value = found.usual[field] ?? (field === 'size' ? found.size : '');
  return value === '' ? '' : String(value);
}

export function Setup() {
  const { network, data, recipe, precision, source } = state.value;
  const found = choices.value;
  const networks = (found?.networks ?? []).map((/** @type {any} */ each) => each.name);
  const sets = found?.data ?? ['digits'];
  const [byPath, setByPath] = useState(!sets.includes(data));
  const own = byPath || !sets.includes(data);
  const option = (/** @type {string} */ each) => html`<option key=${each} value=${each}>${each}</option>`;
  return html`<section class="card setup" aria-labelledby="setup-title"><h2 id="setup-title">${t('train.setup')}</h2>
    <div class="fields">
      <label class="field"><span>${t('train.network')}</span>
        <select value=${network} translate=${false} onChange=${(event) => change({ network: event.target.value })}>
          ${!networks.includes(network) && option(network)}${networks.map(option)}</select>
        <small>${t('train.network.why')}</small></label>
      <div class="field"><label class="field"><span>${t('train.data')}</span>
        <select value=${own ? '' : data} onChange=${(event) => { setByPath(!event.target.value); change({ data: event.target.value || '' }); }}>
          ${sets.map((/** @type {string} */ each) => html`<option key=${each} value=${each}>${each}</option>`)}
          <option value="">${t('train.data.folder')}</option></select></label>
        ${own && html`<input type="text" value=${data} aria-label=${t('train.data.path')} placeholder=${t('train.data.path')} autocomplete="off"
          spellcheck=${false} onChange=${(event) => change({ data: event.target.value })} />`}
        <small>${t('train.data.why')}</small></div>
      <label class="field"><span>${t('train.recipe')}</span>
        <select value=${recipe} onChange=${(event) => change({ recipe: event.target.value })}>
          <option value="">${t('train.recipe.usual')}</option>
          <option value="book">${t('train.recipe.book')}</option><option value="fast">${t('train.recipe.fast')}</option><option value="transfer">${t('train.recipe.transfer')}</option></select>
        <small>${t('train.recipe.why')}</small></label>
      <label class="field"><span>${t('train.source')}</span>
        <select value=${source} onChange=${(event) => change({ source: event.target.value })}>
          <option value="">${t('train.source.random')}</option>
          ${[...new Set([...(found?.sources ?? ['published']), ...(source ? [source] : [])])].map((each) => html`<option key=${each} value=${each}>${each === 'published' ? t('train.source.published') : each}</option>`)}</select>
        <small>${t('train.source.why')}</small></label>
      <${Dial} name="epochs" field="epochs" whole />
      <${Dial} name="minutes" field="minutes" />
      <${Dial} name="batch" field="batch_size" whole steps=${[16, 32, 64, 128, 256, 512]} />
      <${Dial} name="rate" field="learning_rate" />
      <${Dial} name="size" field="size" whole />
      <label class="field"><span>${t('train.precision')}</span>
        <select value=${precision} onChange=${(event) => change({ precision: event.target.value })}>
          <option value="">${t('train.precision.usual')}</option><option value="float32">float32</option><option value="bfloat16">bfloat16</option></select>
        <small>${t('train.precision.why')}</small></label>
      <${Dial} name="seed" field="seed" whole />
    </div>${!NAMED.includes(data.trim()) && html`<${Labels} values=${state.value} onChange=${change} />`}</section>`;
}

/**
 * A number of the recipe; empty: as it is there.
 * @param {{name: 'epochs' | 'minutes' | 'batch' | 'rate' | 'size' | 'seed', field: string, whole?: boolean, steps?: number[]}} props
 */
function Dial({ name, field, whole, steps }) {
  const value = state.value[name];
  const asIs = usual(field);
  const good = (/** @type {string} */ text) => (whole ? /^\d{0,9}$/ : /^\d{0,9}(\.\d{1,9})?$/).test(text);
  const [typed, setTyped] = useState(/** @type {string | null} */ (null));
  const set = (/** @type {string} */ text) => { if (good(text) && (name === 'seed' || text === '' || Number(text) > 0)) change({ [name]: text }); };
  const turn = (/** @type {number} */ way) => {
    const now = Number(value || asIs || (steps ? 64 : 1));
    const next = steps ? (way > 0 ? steps.find((each) => each > now) : steps.findLast((each) => each < now)) : Math.max(1, Math.round(now + way));
    if (next !== undefined) change({ [name]: String(next) });
  };
  const id = `dial-${name}`;
  return html`<div class="field"><label for=${id}>${t(`train.dial.${name}`)}</label>
    <div class="dial"><input id=${id} type="text" inputmode="decimal" autocomplete="off" value=${typed ?? value} placeholder=${asIs}
        aria-invalid=${typed !== null && !good(typed)} aria-describedby=${`${id}-why`}
        onInput=${(event) => { setTyped(event.target.value); set(event.target.value.trim()); }} onBlur=${() => setTyped(null)} />
      ${whole && name !== 'seed' && html`<button type="button" aria-label=${t('train.less', { what: t(`train.dial.${name}`) })} onClick=${() => turn(-1)}>−</button>
        <button type="button" aria-label=${t('train.more', { what: t(`train.dial.${name}`) })} onClick=${() => turn(1)}>+</button>`}</div>
    <small id=${`${id}-why`}>${t(`train.dial.${name}.why`)}</small></div>`;
}
