/** The convolution bench: an image, a window that slides over it, and what comes out. */
import { html, useEffect } from '../parts.js';
import { Copies } from '../copies.js';
import { t } from '../words.js';
import { Arithmetic } from './arithmetic.js';
import { Channels } from './channels.js';
import { commandText, pythonText } from './code.js';
import { Flip, SizeFormula } from './formula.js';
import { ImagePicker } from './picker.js';
import { InputPlane, Numbers, OutputPlane } from './planes.js';
import { answer, lost, refusal, startNumbers } from './numbers.js';
import { Settings } from './settings.js';
import { followAddress } from './state.js';
import { Teach } from './teach.js';

export function View() {
  useEffect(startNumbers, []);
  useEffect(followAddress, []);
  const found = answer.value;
  return html`
    <div><h1>${t('bench.title')}</h1><p class="lead">${t('bench.lead')}</p></div>
    <${ImagePicker} />
    ${lost.value && html`<p class="note">${t('bench.image.lost')}</p>`}
    <div role="status" class="refusal">${refusal.value && html`<${Refused} />`}</div>
    ${!found ? !refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`
      <div class="stage">
        <${InputPlane} found=${found} /><${OutputPlane} found=${found} /><${Settings} found=${found} />
      </div>
      <${Arithmetic} found=${found} />
      <div class="pair"><${SizeFormula} found=${found} /><${Flip} found=${found} /></div>
      <${Channels} found=${found} />
      <${Numbers} found=${found} />
      <div class="pair"><${Teach} found=${found} />
        <${Copies} command=${commandText(found)} python=${pythonText(found)} /></div>`}
  `;
}

function Refused() {
  const said = /** @type {import('../api.js').Refusal} */ (refusal.value).sentence();
  return html`<p class="note"><strong>${t('bench.refused')}</strong> <span lang=${said.lang}>${said.text}</span>
    ${answer.value && html`<span class="faint"> ${t('bench.kept')}</span>`}</p>`;
}
