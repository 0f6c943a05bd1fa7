/** The plan view: what a training will take, under dials, and what all networks cost. */
import { html, useEffect } from '../parts.js';
import { Copies } from '../copies.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { All } from './all.js';
import { commandText, pythonText } from './code.js';
import { forecast, startData } from './data.js';
import { Dials } from './dials.js';
import { Batches, Figures } from './figures.js';
import { followAddress } from './state.js';
import { Timeline } from './timeline.js';

export function View() {
  useEffect(followAddress, []);
  useEffect(startData, []);
  const found = forecast.found.value;
  return html`
    <div><h1>${t('plan.title')}</h1><p class="lead">${t('plan.lead')}</p></div>
    <div class="pair"><${Dials} />
      <section class="card plan-figures" aria-labelledby="plan-forecast" aria-busy=${forecast.busy.value}>
        <div class="row spread"><h2 id="plan-forecast">${t('plan.forecast')}</h2><span class="small faint" role="status">${forecast.busy.value ? t('plan.busy') : ''}</span></div>
        ${forecast.refusal.value && html`<${Refused} refusal=${forecast.refusal.value} />`}
        ${found ? html`<${Figures} found=${found} />` : !forecast.refusal.value && html`<p class="faint">${t('plan.first')}</p>`}
      </section></div>
    ${found && html`<${Timeline} found=${found} /><${Batches} found=${found} />`}
    <${All} />
    <${Copies} command=${commandText()} python=${pythonText()} />
  `;
}
