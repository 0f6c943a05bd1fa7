/** Kernels of the first layer, and what they make of an image, from the newest checkpoint. */
import { html, useLayoutEffect, useRef } from '../parts.js';
import { colour, painted } from '../appearance.js';
import { imageName } from '../image_name.js';
import { shown } from '../numbers.js';
import { rgb, Scale, scaleOf } from '../plane.js';
import { t } from '../words.js';
import { checkpoint, choices } from './data.js';
import { Why } from './forecast.js';
import { change, state } from './state.js';

export function CheckpointCard() {
  const found = checkpoint.found.value;
  const images = choices.value?.images ?? [state.value.image];
  return html`<section class="card learned" aria-labelledby="learned-title">
    <div class="row spread"><h2 id="learned-title">${t('train.learned')}</h2>
      <label class="row"><span>${t('train.image')}</span><select value=${state.value.image} onChange=${(event) => change({ image: event.target.value })}>
        ${images.map((/** @type {string} */ each) => html`<option key=${each} value=${each}>${imageName(each)}</option>`)}</select></label></div>
    ${!found ? checkpoint.refusal.value ? html`<${Why} refusal=${checkpoint.refusal.value} />` : html`<p class="faint">${t('train.learned.none')}</p>`
      : html`<p class="small faint" data-step=${found.step}>${t('train.learned.step', { step: found.step })}</p>
        <div class="pair">
          <div><h3>${t('train.kernels', { count: found.count })}</h3>${found.kernels ? html`<${Kernels} array=${found.kernels} channels=${found.channels} />` : html`<p class="faint">${t('train.kernels.none')}</p>`}</div>
          <div><h3>${t('train.maps')} ${found.layer && html`<bdi translate=${false}>${found.layer}</bdi>`}</h3>${found.maps ? html`<${MapsOf} maps=${found.maps} />` : html`<p class="faint">${t('train.kernels.none')}</p>`}</div>
        </div>`}
  </section>`;
}

/** @param {{array: import('../arrays.js').NumberArray, channels: number}} props */
function Kernels({ array, channels }) {
  const [many, depth, height, width] = array.shape;
  const size = depth * height * width;
  const three = channels === 3;
  const all = { shape: [1, 1, array.data.length], data: array.data };
  return html`<div class="tiles">${Array.from({ length: many }, (_, i) => html`<${Tile} key=${i} height=${height} width=${width} scale=${all} signed
      planes=${three ? 3 : 1} data=${array.data.subarray(i * size, i * size + (three ? 3 : 1) * height * width)} />`)}</div>
    ${!three && html`<${Scale} array=${all} name=${t('train.kernels.scale')} />`}
    <p class="small faint">${three ? t('train.kernels.colour') : channels > 1 ? t('train.kernels.first') : t('train.kernels.why')}</p>`;
}

/** @param {{maps: any}} props */
function MapsOf({ maps }) {
  const [many, height, width] = maps.thumbnails.shape;
  const scale = { shape: [1, 1, 2], data: Float64Array.of(maps.lowest ?? 0, maps.highest ?? 0) };
  return html`<div class="tiles large">${Array.from({ length: many }, (_, i) => html`<${Tile} key=${i} height=${height} width=${width} scale=${scale} planes=${1}
      data=${maps.thumbnails.data.subarray(i * height * width, (i + 1) * height * width)} />`)}</div>
    <${Scale} array=${scale} name=${t('bench.scale', { low: shown(maps.lowest ?? 0), high: shown(maps.highest ?? 0) })} />
    ${maps.not_finite > 0 && html`<p class="note">${t('network.not_finite', { count: maps.not_finite })}</p>`}`;
}

/** One kernel or map. @param {any} props */
function Tile({ height, width, scale, planes, data }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const shades = painted.value;
  useLayoutEffect(() => {
    const made = /** @type {HTMLCanvasElement} */ (canvas.current);
    made.width = width;
    made.height = height;
    const context = /** @type {CanvasRenderingContext2D} */ (made.getContext('2d'));
    const pixels = context.createImageData(width, height);
    const of = scaleOf(scale, undefined);
    const none = rgb(colour('card'));
    const most = Math.max(Math.abs(of.low), Math.abs(of.high)) || 1;
    for (let i = 0; i < height * width; i += 1) {
      const values = Array.from({ length: planes }, (_, plane) => data[plane * height * width + i]);
      const shade = !values.every(Number.isFinite) ? none : planes === 3 ? values.map((value) => Math.round(127.5 * (1 + value / most))) : of.of(values[0]);
      pixels.data.set([...shade, 255], 4 * i);
    }
    context.putImageData(pixels, 0, 0);
  }, [data, shades, scale]);
  return html`<canvas ref=${canvas} aria-hidden="true"></canvas>`;
}
