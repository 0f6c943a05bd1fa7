/** Kernels of the first layer, what they make of an image, and dead units, from a checkpoint. */
import { html } from '../parts.js';
import { Curves } from '../curves.js';
import { imageName } from '../image_name.js';
import { shown } from '../numbers.js';
import { Scale } from '../plane.js';
import { Thumbnail } from '../thumbnail.js';
import { t } from '../words.js';
import { checkpoint, choices, earlier, lookBack } from './data.js';
import { Why } from './forecast.js';
import { change, state } from './state.js';

export function CheckpointCard() {
  const newest = checkpoint.found.value;
  const found = newest && (earlier.value ?? newest);
  const images = choices.value?.images ?? [state.value.image];
  return html`<section class="card learned" aria-labelledby="learned-title">
    <div class="row spread"><h2 id="learned-title">${t('train.learned')}</h2>
      <label class="row"><span>${t('train.image')}</span><select value=${state.value.image} onChange=${(event) => change({ image: event.target.value })}>
        ${images.map((/** @type {string} */ each) => html`<option key=${each} value=${each}>${imageName(each)}</option>`)}</select></label></div>
    ${!found ? checkpoint.refusal.value ? html`<${Why} refusal=${checkpoint.refusal.value} />` : html`<p class="faint">${t('train.learned.none')}</p>`
      : html`<${Back} steps=${newest.history} step=${found.step} />
        <p class="small faint" data-step=${found.step}>${t('train.learned.step', { step: found.step })}${found.image_name !== state.value.image && html` ${t('train.learned.image', { image: imageName(found.image_name) })}`}</p>
        <div class="pair">
          <div><h3>${t('train.kernels', { count: found.kernels?.count ?? 0 })}</h3>${found.kernels ? html`<${Kernels} found=${found.kernels} />` : html`<p class="faint">${t('train.kernels.none')}</p>`}</div>
          <div><h3>${t('train.maps')} ${found.layer && html`<bdi translate=${false}>${found.layer}</bdi>`}</h3>${found.maps ? html`<${MapsOf} maps=${found.maps} />` : html`<p class="faint">${t('train.kernels.none')}</p>`}</div>
        </div>
        <${Silent} found=${found.dead} history=${newest.history} />`}
  </section>`;
}

/** Goes back over the checkpoints that were looked at. @param {{steps: {step: number}[], step: number}} props */
function Back({ steps, step }) {
  if (steps.length < 2) return null;
  const last = steps.length - 1;
  const at = earlier.value ? steps.findIndex((each) => each.step === step) : last;
  return html`<label class="row back"><span>${t('train.back')}</span>
    <input type="range" min="0" max=${last} value=${at < 0 ? last : at} aria-valuetext=${t('train.at.step', { step })}
      onInput=${(/** @type {any} */ event) => { const to = Number(event.target.value); void lookBack(to >= last ? null : steps[to].step); }} />
    <output>${step}</output></label>`;
}

/** Units that no image excites, in all and by layer, and over the steps. @param {{found: any, history: any[]}} props */
function Silent({ found, history }) {
  if (!found.units) return html`<div class="silent"><h3>${t('train.dead')}</h3><p class="small faint">${t('train.dead.none')}</p></div>`;
  const share = (/** @type {any} */ each) => each.dead / each.units;
  return html`<div class="silent"><h3>${t('train.dead')}</h3>
    <p data-dead=${found.dead}>${t('train.dead.count', { dead: found.dead, units: found.units, images: found.images })}</p>
    ${found.dead > 0 && html`<ul class="small">${found.layers.filter((/** @type {any} */ each) => each.dead).map((/** @type {any} */ each) => html`<li key=${each.layer}><bdi translate=${false}>${each.layer}</bdi>${t('train.dead.layer', each)}</li>`)}</ul>`}
    ${history.length > 1 && history.some((each) => each.dead) && html`<${Curves} title=${t('train.dead.share')} share height=${150}
      series=${[{ key: 'dead', name: t('train.dead'), steps: history.map((each) => each.step), values: history.map(share) }]} />`}
    <p class="small faint">${t('train.dead.why')}</p></div>`;
}

/** @param {{found: any}} props */
function Kernels({ found }) {
  const [many, depth, height, width] = found.images.shape;
  const size = depth * height * width;
  const { largest, in_colours: inColours, channels } = found;
  const colours = inColours ? { top: 255 } : { low: -largest, high: largest, signs: true };
  return html`<div class="tiles">${Array.from({ length: many }, (_, i) => html`<${Thumbnail} key=${i} ...${colours}
      array=${{ shape: [depth, height, width], data: found.images.data.subarray(i * size, (i + 1) * size) }} />`)}</div>
    ${!inColours && html`<${Scale} array=${{ shape: [1, 1, 2], data: Float64Array.of(-largest, largest) }} signs=${true}
      name=${t('bench.scale', { low: shown(-largest), high: shown(largest) })} />`}
    <p class="small faint">${inColours ? t('train.kernels.colour') : channels > 1 ? t('train.kernels.first') : t('train.kernels.why')}</p>`;
}

/** @param {{maps: any}} props */
function MapsOf({ maps }) {
  const [many, height, width] = maps.thumbnails.shape;
  const [low, high] = [maps.lowest ?? 0, maps.highest ?? 0];
  return html`<div class="tiles large">${Array.from({ length: many }, (_, i) => html`<${Thumbnail} key=${i} low=${low} high=${high}
      array=${{ shape: [1, height, width], data: maps.thumbnails.data.subarray(i * height * width, (i + 1) * height * width) }} />`)}</div>
    <${Scale} array=${{ shape: [1, 1, 2], data: Float64Array.of(low, high) }} name=${t('bench.scale', { low: shown(low), high: shown(high) })} />
    ${maps.not_finite > 0 && html`<p class="note">${t('network.not_finite', { count: maps.not_finite })}</p>`}`;
}
