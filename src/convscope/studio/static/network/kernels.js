/** The kernels of a convolution as small images, all in the same colours. */
import { html } from '../parts.js';
import { slice } from '../arrays.js';
import { Scale } from '../plane.js';
import { Thumbnail } from '../thumbnail.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { kernels } from './data.js';
import { Part } from './part.js';
import { change, state } from './state.js';
import { sizes } from './words.js';

export function KernelsPanel() {
  return html`<${Part} part=${kernels} shown=${(/** @type {any} */ found) => html`<${Kernels} found=${found} />`} />`;
}

/** @param {{found: any}} props */
function Kernels({ found }) {
  if (found.none) return html`<p class="note">${t(`network.kernels.${found.none}`, { layer: found.layer, kind: found.kind })}</p>`;
  const { count, channels, size, shows, largest, kernel } = found;
  const range = { low: -largest, high: largest, signs: true };
  return html`<p class="small">${t('network.kernels.all', { layer: found.layer, count, size: sizes([channels, ...size]) })} ${t(`network.kernels.${shows}`, { kernel })}</p>
    ${found.images && html`<${Many} array=${found.images} first=${found.first} channels=${3} range=${{ top: 255 }} word=${t('network.kernel')} choose=${true} />`}
    ${shows === 'kernels' ? html`<${Many} array=${found.planes} first=${found.first} range=${range} word=${t('network.kernel')} choose=${true} />`
      : html`<h3>${t('network.kernels.of', { kernel })}</h3><${Many} array=${found.planes} first=${0} range=${range} word=${t('network.kernel.channel')} />`}
    <${Scale} array=${{ shape: [1, 1, 2], data: Float64Array.of(-largest, largest) }} signs=${true}
      name=${t('bench.scale', { low: shown(-largest), high: shown(largest) })} />
    ${shows === 'slices' && channels > found.planes.shape[0] && html`<p class="small faint">${t('network.kernels.first', { shown: found.planes.shape[0], count: channels })}</p>`}`;
}

/**
 * Several small images; those of whole kernels choose the map.
 * @param {{array: any, first: number, channels?: number, range: any, word: string, choose?: boolean}} props
 */
function Many({ array, first, channels = 1, range, word, choose = false }) {
  const [many, , height, width] = channels === 3 ? array.shape : [array.shape[0], 1, ...array.shape.slice(1)];
  const size = channels * height * width;
  const one = (/** @type {number} */ i) => (channels === 1 ? slice(array, i)
    : { shape: [channels, height, width], data: array.data.subarray(i * size, (i + 1) * size) });
  return html`<div class="thumbnails few kernels" role="group" aria-label=${word} tabindex=${choose ? undefined : 0}>${Array.from({ length: many }, (_, i) => {
    const number = first + i;
    const inner = html`<${Thumbnail} array=${one(i)} ...${range} /><span>${number}</span>`;
    return choose ? html`<button type="button" key=${number} aria-pressed=${number === state.value.channel}
        onClick=${() => change({ channel: number, unit: '', trail: '' })}>${inner}<span class="unseen"> ${word}</span></button>`
      : html`<div key=${number} class="tile">${inner}</div>`;
  })}</div>`;
}
