/** Two images, or two states of a network, side by side: one map of both in the same colours, and both answers. */
import { html } from '../parts.js';
import { imageName } from '../image_name.js';
import { Plane, Scale } from '../plane.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { beside, choices, otherNetwork, ownCheckpoints } from './data.js';
import { Part } from './part.js';
import { change, state } from './state.js';
import { className, sizes, told } from './words.js';

/** @param {string} name */
const plain = (name) => name.slice(name.indexOf(':') + 1);

export function BesidePanel() {
  const { other, image2 } = state.value;
  const found = choices.value;
  const checkpoints = ownCheckpoints();
  const stored = (found?.stored ?? []).filter((/** @type {string} */ each) => each !== state.value.network);
  const networks = [...checkpoints, ...stored];
  const chosen = otherNetwork.value;
  return html`<div class="row"><div class="choice" role="group" aria-label=${t('network.beside.what')}>
      ${['image', 'network'].map((each) => html`<button type="button" key=${each} aria-pressed=${other === each}
        onClick=${() => change({ other: each })}>${t(`network.beside.${each}`)}</button>`)}</div>
      ${other === 'image' ? html`<label class="row"><span>${t('network.beside.other_image')}</span>
          <select value=${image2} onChange=${(event) => change({ image2: event.target.value })}>
            ${(found?.images ?? [image2]).map((/** @type {string} */ each) => html`<option key=${each} value=${each}>${imageName(each)}</option>`)}</select></label>`
        : networks.length > 0 && html`<label class="row"><span>${t('network.beside.other_network')}</span>
          <select value=${chosen} translate=${false} onChange=${(event) => change({ network2: event.target.value })}>
            ${!networks.includes(chosen) && html`<option value=${chosen}>${chosen ? plain(chosen) : '–'}</option>`}
            ${networks.map((each) => html`<option key=${each} value=${each}>${plain(each)}</option>`)}</select></label>`}
    </div>
    ${other === 'network' && !chosen ? html`<p class="note">${t(networks.length ? 'network.beside.choose' : 'network.beside.nothing')}</p>`
      : html`<${Part} part=${beside} shown=${(/** @type {any} */ both) => html`<${Both} found=${both} />`} />`}`;
}

/** @param {{found: any}} props */
function Both({ found }) {
  const { lowest, highest, difference } = found;
  const [one, other] = found.sides;
  const labels = state.value.other === 'image'
    ? [imageName(state.value.image), imageName(state.value.image2)] : [plain(one.name), plain(other.name)];
  return html`<p class="small">${t('network.beside.map', { layer: found.layer, channel: found.channel })} ${difference
    ? t('network.beside.difference', { difference: told(difference) }) : t('network.beside.shapes', { one: sizes(one.shape), other: sizes(other.shape) })}</p>
    <div class="both">${found.sides.map((/** @type {any} */ side, /** @type {number} */ i) => html`<div key=${i}><h3><bdi>${labels[i]}</bdi></h3>
      <div class="two"><${Plane} array=${side.image} top=${255} marks=${[]} most=${200} name=${t('network.beside.image_plane', { name: labels[i] })} />
      <${Plane} array=${side.plane} range=${[lowest, highest]} marks=${[]} most=${200} name=${t('network.beside.map_plane', { name: labels[i] })} /></div>
      <${Shares} answer=${side.answer} /></div>`)}</div>
    <${Scale} array=${{ shape: [1, 1, 2], data: Float64Array.of(lowest, highest) }} name=${t('bench.scale', { low: shown(lowest), high: shown(highest) })} />`;
}

/** @param {{answer: any}} props */
function Shares({ answer }) {
  if (answer.reason) return html`<p class="small faint">${t('network.beside.no_answer', { shape: sizes(answer.shape) })}</p>`;
  return html`<ul class="given">${answer.classes.slice(0, 3).map((/** @type {any} */ each) => html`<li key=${each.number}>
    <bdi>${each.name ?? className(each.number)}</bdi> <strong>${(100 * each.probability).toFixed(1)} %</strong></li>`)}</ul>`;
}
