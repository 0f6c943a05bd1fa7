/** The train view: choose, forecast, start, and watch. */
import { html, useEffect } from '../parts.js';
import { Copies } from '../copies.js';
import { t } from '../words.js';
import { CheckpointCard } from './checkpoint.js';
import { commandText, pythonText } from './code.js';
import { startData, trainings } from './data.js';
import { startFollowing } from './follow.js';
import { ForecastCard } from './forecast.js';
import { Setup } from './setup.js';
import { change, followAddress, state } from './state.js';
import { Watch } from './watch.js';

export function View() {
  useEffect(followAddress, []);
  useEffect(startData, []);
  useEffect(startFollowing, []);
  const { run } = state.value;
  return html`
    <div><h1>${t('train.title')}</h1><p class="lead">${t('train.lead')}</p></div>
    ${trainings.value.length > 0 && html`<${List} run=${run} />`}
    ${run ? html`<${Watch} /><${CheckpointCard} />` : html`<div class="pair"><${Setup} /><${ForecastCard} /></div>`}
    <${Copies} command=${commandText()} commandName=${t('train.command')} python=${pythonText()} />
  `;
}

/** @param {{run: string}} props */
function List({ run }) {
  return html`<section class="card started" aria-labelledby="started-title"><h2 id="started-title">${t('train.started')}</h2>
    <ul>${trainings.value.map((each) => html`<li key=${each.run}><button type="button" aria-pressed=${each.run === run} onClick=${() => change({ run: each.run })}>
        <bdi translate=${false}>${each.run}</bdi> <span class="small">${t(`train.state.${each.state}`)}</span></button></li>`)}
      ${run && html`<li><button type="button" onClick=${() => change({ run: '' })}>${t('train.new')}</button></li>`}</ul></section>`;
}
