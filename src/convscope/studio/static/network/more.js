/** What else can be seen of a layer, a class or a number, one at a time. */
import { html } from '../parts.js';
import { t } from '../words.js';
import { AttributionPanel } from './attribution.js';
import { BesidePanel } from './beside.js';
import { BetweenPanel } from './between.js';
import { KernelsPanel } from './kernels.js';
import { change, state } from './state.js';

const PANELS = { kernels: KernelsPanel, attribution: AttributionPanel, between: BetweenPanel, beside: BesidePanel };

export function More() {
  const { panel } = state.value;
  const Panel = PANELS[/** @type {keyof typeof PANELS} */ (panel)] ?? KernelsPanel;
  return html`<section class="card more" aria-labelledby="more-title">
    <div class="row spread"><h2 id="more-title">${t('network.more')}</h2>
      <div class="choice" role="group" aria-labelledby="more-title">${Object.keys(PANELS).map((name) => html`<button type="button" key=${name}
        aria-pressed=${PANELS[/** @type {keyof typeof PANELS} */ (name)] === Panel} onClick=${() => change({ panel: name })}>${t(`network.panel.${name}`)}</button>`)}</div></div>
    <${Panel} key=${panel} />
  </section>`;
}
