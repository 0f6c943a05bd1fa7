/** The network view: layers, what they make of an image, and where each number comes from. */
import { html, useEffect } from '../parts.js';
import { Copies } from '../copies.js';
import { Refused } from '../refused.js';
import { Note } from '../note.js';
import { t } from '../words.js';
import { Answer } from './answer.js';
import { commandText, pythonText } from './code.js';
import { lost, network, startData, unitName } from './data.js';
import { Drawing } from './drawing.js';
import { ImageCard } from './image.js';
import { Layers } from './layers.js';
import { LargeMap, Maps } from './maps.js';
import { More } from './more.js';
import { Picker } from './picker.js';
import { followAddress } from './state.js';
import { UnitCard } from './unit.js';

export function View() {
  useEffect(followAddress, []);
  useEffect(startData, []);
  const found = network.found.value;
  return html`
    <div><h1>${t('network.title')}</h1><p class="lead">${t('network.lead')}</p></div>
    <${Picker} />
    ${lost.value && html`<p class="note">${t('network.lost')}</p>`}
    ${network.refusal.value && html`<${Refused} refusal=${network.refusal.value} />`}
    ${!found ? !network.refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`
      ${!found.trained && html`<p class="note">${t('network.untrained')}</p>`}
      ${found.notes.map((/** @type {any} */ note) => html`<p class="note" key=${note.text}><${Note} note=${note} /></p>`)}
      <div class="wide"><${Layers} /><${Maps} /></div>
      <div class="pair"><${LargeMap} /><${ImageCard} /></div>
      ${unitName.value && html`<${UnitCard} />`}
      <${More} />
      <div class="pair"><${Answer} /><${Copies} command=${commandText()} commandName=${t('copies.command.image')} python=${pythonText()} /></div>
      <${Drawing} />`}
  `;
}
