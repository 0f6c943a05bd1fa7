/** Choosing a network and an image. */
import { html, useRef } from '../parts.js';
import { ask } from '../api.js';
import { decodeArray } from '../arrays.js';
import { CameraButton } from '../camera.js';
import { DRAWING_SIDE, drawingPixels, drawingText } from '../drawing.js';
import { imageName } from '../image_name.js';
import { Plane } from '../plane.js';
import { t } from '../words.js';
import { asking, brought, choices, lost, network, ownCheckpoints } from './data.js';
import { change, changeNetwork, state } from './state.js';

const SIDES = [28, 32, 64, 96, 128, 224];

/** @param {string} name */
const plain = (name) => name.slice(name.indexOf(':') + 1);

/** Whether an image is a person's own, or one that a run was evaluated on. @param {string} image */
const isNoneOfTheSet = (image) => ['file', 'camera', 'drawing'].includes(image) || image.startsWith('evaluated:');

export function Picker() {
  const { network: name, image, size } = state.value;
  const found = choices.value;
  const catalog = found?.catalog ?? [];
  const stored = found?.stored ?? [];
  const checkpoints = ownCheckpoints();
  const known = [...catalog.map((/** @type {any} */ each) => each.name), ...stored, ...checkpoints];
  const usual = catalog.find((/** @type {any} */ each) => each.name === name)?.size;
  const read = async (/** @type {File} */ file) => {
    try {
      const sent = await ask(`network/image?size=${size || usual || 96}`, file);
      brought.value = decodeArray(sent.image);
      lost.value = false;
      change({ image: 'file' });
    } catch (error) {
      network.refusal.value = /** @type {any} */ (error);
    }
  };
  const option = (/** @type {string} */ each) => html`<option key=${each} value=${each}>${plain(each)}</option>`;
  return html`<section class="card picker" aria-label=${t('network.choose')}>
    <label class="row"><span>${t('network.network')}</span>
      <select value=${name} translate=${false} onChange=${(event) => changeNetwork({ network: event.target.value, size: 0 })}>
        ${!known.includes(name) && html`<option value=${name}>${plain(name)}</option>`}
        ${stored.length > 0 && html`<optgroup label=${t('network.stored')}>${stored.map(option)}</optgroup>`}
        ${checkpoints.length > 0 && html`<optgroup label=${t('network.checkpoints')}>${checkpoints.map(option)}</optgroup>`}
        <optgroup label=${t('network.catalog')}>${catalog.map((/** @type {any} */ each) => option(each.name))}</optgroup>
      </select></label>
    <label class="row"><span>${t('network.size')}</span>
      <select value=${size} onChange=${(event) => changeNetwork({ size: Number(event.target.value) })}>
        <option value="0">${usual ? t('network.size.usual', { size: usual }) : t('network.size.own')}</option>
        ${[...new Set([...SIDES, ...(size ? [size] : [])])].map((each) => html`<option key=${each} value=${each}>${each} × ${each}</option>`)}
      </select></label>
    <label class="row"><span>${t('network.image')}</span>
      <select value=${image} onChange=${(event) => change({ image: event.target.value })}>
        ${[...(found?.images ?? (isNoneOfTheSet(image) ? [] : [image])), 'drawing'].map((each) => html`<option key=${each} value=${each}>${imageName(each)}</option>`)}
        ${image !== 'drawing' && isNoneOfTheSet(image) && html`<option value=${image}>${imageName(image)}</option>`}
      </select></label>
    <label class="button">${t('bench.file')}<input class="unseen" type="file" accept="image/*"
      onChange=${(event) => { if (event.target.files[0]) read(event.target.files[0]); event.target.value = ''; }} /></label>
    <${CameraButton} wanted=${() => (asking() ? null : { side: size || usual || 96, colour: true })} take=${(/** @type {any} */ frame) => {
      brought.value = frame;
      lost.value = false;
      change({ image: 'camera' });
    }} refused=${(/** @type {any} */ why) => { network.refusal.value = why; }} />
    ${image === 'drawing' && html`<${Drawing} />`}
    ${image === 'file' && html`<p class="small faint">${t('bench.file.square')}</p>`}
  </section>`;
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** The pencil: with the pointer, or by keys and the space bar. */
function Drawing() {
  const colour = useRef(1);
  const down = useRef(false);
  const cursor = useRef([5, 5]);
  const pixels = drawingPixels(state.value.pixels);
  const [row, column] = cursor.current;
  const paint = (/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ starts) => {
    const at = r * DRAWING_SIDE + c;
    const now = drawingPixels(state.value.pixels);
    if (starts) colour.current = 1 - now[at];
    cursor.current = [r, c];
    now[at] = colour.current;
    change({ pixels: drawingText(now) });
  };
  const onKey = (/** @type {string} */ key) => {
    const step = /** @type {Record<string, number[]>} */ (STEPS)[key];
    if (key === ' ' || key === 'Enter') paint(cursor.current[0], cursor.current[1], true);
    else if (step) {
      cursor.current = cursor.current.map((at, axis) => Math.min(DRAWING_SIDE - 1, Math.max(0, at + step[axis])));
      change({});
    } else return false;
    return true;
  };
  return html`<div class="sketch" onPointerUp=${() => { down.current = false; }} onPointerLeave=${() => { down.current = false; }}>
    <${Plane} array=${{ shape: [1, DRAWING_SIDE, DRAWING_SIDE], data: pixels }} top=${1} most=${170}
      name=${t('network.draw')} marks=${[{ row, column, height: 1, width: 1, kind: 'cell' }]} onKey=${onKey}
      onPoint=${(/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ pressed) => {
        if (pressed) down.current = true;
        if (down.current) paint(r, c, pressed);
      }} />
    <p class="small faint">${t('network.draw.keys')}</p>
    <button type="button" onClick=${() => change({ pixels: '0'.repeat(36) })}>${t('bench.clear')}</button>
  </div>`;
}
