/** What the chosen number sees of every layer between the image and itself. */
import { html } from '../parts.js';
import { Thumbnail } from '../thumbnail.js';
import { t } from '../words.js';
import { between, unitName } from './data.js';
import { Part } from './part.js';
import { change } from './state.js';
import { Described, sizes } from './words.js';

export function BetweenPanel() {
  if (!unitName.value) return html`<p class="faint">${t('network.between.no_unit')}</p>`;
  return html`<p class="small faint">${t('network.between.why')}</p>
    <${Part} part=${between} shown=${(/** @type {any} */ found) => html`<ol class="between">${found.layers.map(
      (/** @type {any} */ each) => html`<${Layer} key=${each.layer} each=${each} share=${Math.round(100 * found.share)} />`)}</ol>`} />`;
}

/** @param {{each: any, share: number}} props */
function Layer({ each, share }) {
  const { box, image, shape } = each;
  const [, height, width] = shape;
  const numbers = box && { seen: sizes([box.bottom - box.top + 1, box.right - box.left + 1]), of: sizes([height, width]) };
  return html`<li>
    ${image ? html`<${Thumbnail} array=${image} top=${255} box=${{ ...box, height, width }} />`
      : html`<span class="blank small faint">${t(box ? 'network.between.not_finite' : 'network.between.no_maps')}</span>`}
    <div><button type="button" class="link" onClick=${() => change({ layer: each.layer, channel: 0, unit: '', trail: '' })}><bdi translate=${false}>${each.layer}</bdi></button>
      <p class="small"><${Described} text=${each.kind} /> · ${sizes(shape)}</p>
      <p class="small">${numbers ? t('network.between.box', numbers) : t('network.between.numbers', { seen: each.seen, of: shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1) })}</p>
      <p class="small faint">${t('network.between.share', { share, places: each.places, of: each.of })}</p></div></li>`;
}
