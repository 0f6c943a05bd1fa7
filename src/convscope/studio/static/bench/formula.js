/** The size of the output by its formula, in both ways of counting padding; and what the flip changes. */
import { html } from '../parts.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { Cells } from './arithmetic.js';
import { asMatrices } from './numbers.js';
import { change, state } from './state.js';

/** @typedef {{found: import('./numbers.js').Answer}} Props */

/** @param {Props} props */
export function SizeFormula({ found }) {
  const [height, width] = found.size;
  const alike = JSON.stringify(height) === JSON.stringify(width);
  const { before, after } = found;
  return html`<section class="card formula" aria-labelledby="size-title">
    <h2 id="size-title">${t('bench.formula')}</h2>
    ${alike ? html`<${Filled} size=${height} />`
      : html`<h3>${t('bench.height')}</h3><${Filled} size=${height} /><h3>${t('bench.width')}</h3><${Filled} size=${width} />`}
    <p class="small faint">${t('bench.formula.letters')}</p>
    ${height.d > 1 && html`<p class="small">${t('bench.formula.span', { k: height.k, d: height.d, span: height.span })}</p>`}
    <p class="small">${t('bench.formula.padding', { before: before[0], after: after[0], total: height.p })}</p>
    ${before[0] !== after[0] && html`<p class="small note">${t('bench.formula.uneven', { total: height.p })}</p>`}
    <${PerSide} size=${height} before=${before[0]} after=${after[0]} />
  </section>`;
}

/** ⌊(n − k + p + s) / s⌋ with the numbers put in. @param {{size: import('./numbers.js').Size}} props */
function Filled({ size }) {
  const { n, span, p, s, out } = size;
  const floor = (/** @type {any} */ top, /** @type {any} */ below) => html`<mrow><mo>⌊</mo><mfrac><mrow>${top}</mrow>${below}</mfrac><mo>⌋</mo></mrow>`;
  const terms = (/** @type {any[]} */ parts) => parts.map((each, i) => (i === 0 ? each : html`<mo>${i === 1 ? '−' : '+'}</mo>${each}`));
  const letters = ['n', 'k', 'p', 's'].map((each) => html`<mi>${each}</mi>`);
  const values = [n, span, p, s].map((each) => html`<mn>${each}</mn>`);
  return html`<div class="scroll math" tabindex="0" role="group" aria-label=${t('bench.formula')}><math display="block" data-formula=${`(${n} − ${span} + ${p} + ${s}) / ${s} = ${out}`}><mrow>
    ${floor(terms(letters), html`<mi>s</mi>`)}<mo>=</mo>${floor(terms(values), html`<mn>${s}</mn>`)}<mo>=</mo><mn class="out">${out}</mn>
  </mrow></math></div>`;
}

/** As PyTorch's documentation has it, with the padding of one side. @param {{size: import('./numbers.js').Size, before: number, after: number}} props */
function PerSide({ size, before, after }) {
  if (before !== after) return null;
  const { n, k, d, s, out } = size;
  return html`<p class="small">${t('bench.formula.side')}</p>
    <div class="scroll math" tabindex="0" role="group" aria-label=${t('bench.formula')}><math display="block"><mrow><mo>⌊</mo><mfrac><mrow>
      <mn>${n}</mn><mo>+</mo><mn>2</mn><mo>·</mo><mn>${before}</mn><mo>−</mo><mn>${d}</mn><mo>·</mo><mo>(</mo><mn>${k}</mn><mo>−</mo><mn>1</mn><mo>)</mo><mo>−</mo><mn>1</mn>
      </mrow><mn>${s}</mn></mfrac><mo>⌋</mo><mo>+</mo><mn>1</mn><mo>=</mo><mn>${out}</mn></mrow></math></div>`;
}

/** @param {Props} props */
export function Flip({ found }) {
  const { flip } = found;
  if (!flip) {
    return html`<section class="card" aria-labelledby="flip-title"><h2 id="flip-title">${t('bench.pooling')}</h2>
      <p>${t('bench.pooling.why')}</p></section>`;
  }
  const turned = found.state.operation === 'convolution';
  const [slid] = asMatrices(found.slid);
  const kernel = turned ? slid.map((row) => [...row].reverse()).reverse() : slid;
  const other = turned ? slid : kernel.map((row) => [...row].reverse()).reverse();
  const changes = state.value.operation !== 'convolution' ? 'convolution' : 'cross-correlation';
  return html`<section class="card flip" aria-labelledby="flip-title">
    <h2 id="flip-title">${t('bench.flip')}</h2>
    <p class="small faint">${t('bench.flip.why')}</p>
    <div class="products">
      <div class=${turned ? '' : 'used'}><${Cells} name=${turned ? t('bench.flip.as') : t('bench.flip.as.used')} rows=${kernel} /></div>
      <span class=${`turn${turned ? ' turned' : ''}`} aria-hidden="true">⟳</span>
      <div class=${turned ? 'used' : ''}><${Cells} name=${turned ? t('bench.flip.turned.used') : t('bench.flip.turned')} rows=${other} /></div>
    </div>
    <p class=${flip.symmetric ? 'badge good' : ''}>${flip.symmetric
      ? `✓ ${t('bench.flip.equal')}` : t('bench.flip.differs', { difference: shown(flip.difference) })}</p>
    <button type="button" onClick=${() => change({ operation: changes })}>${turned ? t('bench.flip.back') : t('bench.flip.do')}</button>
  </section>`;
}
