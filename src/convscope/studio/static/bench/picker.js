/** Choosing an image: from the set, from a file, from the camera, or drawn. */
import { html, useRef } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { decodeArray } from '../arrays.js';
import { CameraButton } from '../camera.js';
import { imageName } from '../image_name.js';
import { t } from '../words.js';
import { bring, choices, pencil, refusal } from './numbers.js';
import { change, state } from './state.js';

const PHOTOGRAPHS = ['china', 'flower', 'file', 'camera'];

export function ImagePicker() {
  const { image, side, colour } = state.value;
  const names = choices.value?.images ?? [image];
  const sides = choices.value?.sides ?? [side];
  const file = useRef(/** @type {File | null} */ (null));
  const scaled = PHOTOGRAPHS.includes(image);

  const read = async (/** @type {File} */ chosen, now = state.value) => {
    file.current = chosen;
    try {
      const found = await ask(`bench/image?side=${now.side}&colour=${now.colour}`, chosen);
      bring({ name: 'file', array: decodeArray(found.image), top: found.top });
    } catch (error) {
      refusal.value = /** @type {Refusal} */ (error);
    }
  };
  const set = (/** @type {Partial<import('./state.js').State>} */ part) => {
    change(part);
    if (image === 'file' && file.current) read(file.current);
  };
  return html`<section class="card picker" aria-label=${t('bench.image')}>
    <label class="row"><span>${t('bench.image')}</span>
      <select value=${image} onChange=${(event) => change({ image: event.target.value, row: -1, column: -1 })}>
        ${[...names, 'drawing'].map((name) => html`<option key=${name} value=${name}>${imageName(name)}</option>`)}
        ${['file', 'camera'].includes(image) && html`<option value=${image}>${imageName(image)}</option>`}
      </select></label>
    <label class="button">${t('bench.file')}<input class="unseen" type="file" accept="image/*"
      onChange=${(event) => { if (event.target.files[0]) read(event.target.files[0]); event.target.value = ''; }} /></label>
    <button type="button" aria-pressed=${image === 'drawing' && pencil.value} onClick=${() => {
      pencil.value = !(image === 'drawing' && pencil.value);
      if (pencil.value && image !== 'drawing') change({ image: 'drawing', row: -1, column: -1 });
    }}>${t('bench.draw')}</button>
    ${image === 'drawing' && html`<button type="button" onClick=${() => change({ pixels: '0'.repeat(36) })}>${t('bench.clear')}</button>`}
    <${CameraButton} wanted=${() => state.value} take=${(/** @type {any} */ array) => bring({ name: 'camera', array, top: 255 })}
      refused=${(/** @type {Refusal} */ why) => { refusal.value = why; }} />
    ${scaled && html`<label class="row"><span>${t('bench.side')}</span>
      <select value=${side} onChange=${(event) => set({ side: Number(event.target.value) })}>
        ${sides.map((each) => html`<option key=${each} value=${each}>${each} × ${each}</option>`)}</select></label>
      <label class="check"><input type="checkbox" checked=${colour}
        onChange=${(event) => set({ colour: event.target.checked })} />${t('bench.colour')}</label>`}
    ${image === 'file' && html`<p class="small faint">${t('bench.file.square')}</p>`}
  </section>`;
}
