/** What the network says the image is. */
import { html } from '../parts.js';
import { t } from '../words.js';
import { network } from './data.js';
import { goTo } from './state.js';
import { unitName } from './data.js';
import { className, sizes } from './words.js';

export function Answer() {
  const { answer, output, trained } = network.found.value;
  return html`<section class="card answer" aria-labelledby="answer-title">
    <h2 id="answer-title">${t('network.answer')}</h2>
    ${answer.reason ? html`<p class="note">${t(`network.answer.${answer.reason}`, { shape: sizes(answer.shape), layer: output })}</p>` : html`
      <div class="scroll"><table class="shares"><tbody>${answer.classes.map((/** @type {any} */ each) => html`<tr key=${each.number}>
        <th scope="row"><button type="button" class="link" onClick=${() => goTo(`${output}:${each.number}`, unitName.value)}><bdi>${className(each.number)}</bdi></button></th>
        <td class="bar"><div style=${{ width: `${100 * each.probability}%` }}></div></td>
        <td>${(100 * each.probability).toFixed(1)} %</td></tr>`)}</tbody></table></div>
      ${answer.count > answer.classes.length && html`<p class="small faint">${t('network.answer.more', { count: answer.count })}</p>`}
      <p class="small faint">${trained ? t('network.answer.why') : t('network.answer.untrained')}</p>`}
  </section>`;
}
