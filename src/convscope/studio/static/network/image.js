/** The image as the network gets it, and what the unit sees of it. */
import { html } from '../parts.js';
import { range } from '../arrays.js';
import { Plane, Scale } from '../plane.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { field, network, unit, unitName } from './data.js';
import { change, state } from './state.js';
import { sizes } from './words.js';

export function ImageCard() {
  const { image } = network.found.value;
  const { field: way } = state.value;
  const seen = unit.found.value?.sees;
  const effective = way === 'effective';
  const marks = seen ? [{ row: seen.top, column: seen.left, height: seen.bottom - seen.top + 1, width: seen.right - seen.left + 1, kind: 'box' }] : [];
  const found = effective && field.found.value?.asked === unitName.value ? field.found.value : null;
  return html`<section class="card image" aria-labelledby="image-title">
    <div class="row spread"><h2 id="image-title">${t('network.seen')}</h2><span class="faint small">${sizes(image.shape)}</span></div>
    <div class="choice" role="group" aria-labelledby="image-title">
      <button type="button" aria-pressed=${!effective} onClick=${() => change({ field: 'box' })}>${t('network.field.box')}</button>
      <button type="button" aria-pressed=${effective} onClick=${() => change({ field: 'effective' })}>${t('network.field.effective')}</button>
    </div>
    ${effective && field.refusal.value ? html`<${Refused} refusal=${field.refusal.value} />`
      : effective && !found ? html`<p class="faint">${t('shell.loading')}</p>`
        : html`<${Plane} array=${found ? found.field : image} top=${found ? range(found.field.data)[1] || 1 : 255} marks=${marks} most=${340}
            name=${found ? t('network.field.plane') : t('network.image.plane')} describedBy="image-words" />`}
    ${found && html`<${Scale} array=${found.field} top=${range(found.field.data)[1] || 1} name=${t('network.field.scale')} />`}
    <p class="small" id="image-words">${words(seen, image.shape)} ${found && t('network.field.share', { share: Math.round(100 * found.share), pixels: found.pixels, count: found.count })}</p>
    <p class="small faint">${effective ? t('network.field.effective.why') : t('network.field.box.why')}</p>
  </section>`;
}

/** @param {any} seen @param {number[]} shape */
function words(seen, shape) {
  if (!unit.found.value) return '';
  if (!seen) return t('network.field.nothing');
  const [height, width] = [seen.bottom - seen.top + 1, seen.right - seen.left + 1];
  if (height === shape[1] && width === shape[2]) return t('network.field.all');
  return t('network.field.some', { height, width, top: seen.top, bottom: seen.bottom, left: seen.left, right: seen.right });
}
