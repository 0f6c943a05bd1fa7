/** Several channels: each is slid over by its own slice, and what comes out is added up. */
import { html } from '../parts.js';
import { Plane, Scale } from '../plane.js';
import { shown, signed } from '../numbers.js';
import { t } from '../words.js';
import { Cells } from './arithmetic.js';
import { asMatrices, place } from './numbers.js';
import { channelName } from './settings.js';
import { change } from './state.js';
import { at } from './window.js';

/** @param {import('../arrays.js').NumberArray} array @param {number} channel */
function one({ shape, data }, channel) {
  const size = shape[1] * shape[2];
  return { shape: [1, shape[1], shape[2]], data: data.slice(channel * size, (channel + 1) * size) };
}

/** @param {{found: import('./numbers.js').Answer}} props */
export function Channels({ found }) {
  const channels = found.image.array.shape[0];
  if (channels === 1 || !found.flip) return null;
  const { row, column } = place.value;
  const kernels = asMatrices(found.slid);
  const here = [{ row, column, height: 1, width: 1, kind: /** @type {"box"} */ ('box') }];
  const point = (/** @type {number} */ r, /** @type {number} */ c) => change({ row: r, column: c });
  const values = Array.from({ length: channels }, (_, c) => at(found.partial, c, row, column));
  return html`<section class="card channels" aria-labelledby="channels-title">
    <h2 id="channels-title">${t('bench.channels')}</h2>
    <p class="faint">${t('bench.channels.why', { channels })}</p>
    <div class="sums"><div class="lines">${Array.from({ length: channels }, (_, c) => html`<div class="line" key=${c}>
      <h3>${channelName(c, channels)}</h3>
      <${Plane} array=${one(found.image.array, c)} top=${found.image.top} marks=${[]} most=${150}
        name=${t('bench.channels.input', { channel: channelName(c, channels) })} />
      <span class="sign" aria-hidden="true">∗</span>
      <${Cells} name=${t('bench.slice.one')} rows=${kernels[c]} />
      <span class="sign" aria-hidden="true">=</span>
      <${Plane} array=${one(found.partial, c)} marks=${here} most=${150} onPoint=${point}
        name=${t('bench.channels.partial', { channel: channelName(c, channels) })} />
    </div>`)}</div>
      <div class="whole"><h3>${t('bench.channels.sum')}</h3>
        <${Plane} array=${found.sums} marks=${here} most=${240} onPoint=${point} name=${t('bench.channels.sum')} />
        <${Scale} array=${found.sums} name=${t('bench.scale.output')} /></div></div>
    <p class="result">${[shown(values[0]), ...values.slice(1).map(signed), signed(found.state.bias)].join(' ')}${' = '}<strong>${shown(at(found.sums, 0, row, column))}</strong></p>
    <p class="small faint">${t('bench.channels.one')}</p>
  </section>`;
}
