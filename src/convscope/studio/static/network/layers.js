/** The layers of the network as a table; blocks unfold. */
import { html, useState } from '../parts.js';
import { t } from '../words.js';
import { layer, network } from './data.js';
import { change } from './state.js';
import { count, Described, sizes } from './words.js';

/** @param {any} row @param {string} name @returns {boolean} */
const holds = (row, name) => row.name === name || row.parts.some((/** @type {any} */ part) => holds(part, name));

export function Layers() {
  const { blocks, parameters, macs } = network.found.value;
  return html`<section class="card layers" aria-labelledby="layers-title">
    <div class="row spread"><h2 id="layers-title">${t('network.layers')}</h2>
      <span class="faint small">${t('network.totals', { parameters: count(parameters), macs: count(macs) })}</span></div>
    <div class="scroll tall" tabindex="0" role="group" aria-labelledby="layers-title"><table class="grid">
      <thead><tr><th scope="col">${t('network.layer')}</th><th scope="col">${t('network.does')}</th>
        <th scope="col">${t('network.output')}</th><th scope="col">${t('network.parameters')}</th>
        <th scope="col">MACs</th><th scope="col">${t('network.sees')}</th></tr></thead>
      <tbody>${blocks.map((/** @type {any} */ row) => html`<${Rows} key=${row.name} row=${row} depth=${0} />`)}</tbody>
    </table></div>
    <p class="small faint">${t('network.layers.why')}</p>
  </section>`;
}

/** A layer, or a block with its layers. @param {{row: any, depth: number}} props */
function Rows({ row, depth }) {
  const current = layer.value;
  const [open, setOpen] = useState(/** @type {boolean | null} */ (null));
  const inside = row.parts.length > 0 && holds(row, current);
  const unfolded = open ?? inside;
  const field = row.sees;
  return html`<tr aria-current=${row.name === current ? 'true' : undefined}>
      <th scope="row" style=${{ paddingLeft: `${0.4 + depth * 0.9}rem` }}>${row.parts.length > 0
        ? html`<button type="button" class="link" aria-expanded=${unfolded} onClick=${() => setOpen(!unfolded)}>
            <span aria-hidden="true">${unfolded ? '▾' : '▸'} </span><bdi translate=${false}>${row.name}</bdi></button>`
        : html`<button type="button" class="link" aria-pressed=${row.name === current}
            onClick=${() => change({ layer: row.name, channel: 0, unit: '', trail: '' })}><bdi translate=${false}>${row.name}</bdi></button>`}
      </th>
      <td class="text"><${Described} text=${row.description} /></td><td>${sizes(row.shape)}</td>
      <td>${row.parameters ? count(row.parameters) : '–'}</td><td>${row.macs ? count(row.macs) : '–'}</td>
      <td>${!field ? '–' : field.whole_image ? t('network.sees.all') : !field.is_known ? '?' : sizes(field.size)}</td></tr>
    ${unfolded && row.parts.map((/** @type {any} */ part) => html`<${Rows} key=${part.name} row=${part} depth=${depth + 1} />`)}`;
}
