/** The five forms that the arithmetic of a number can have. */
import { html } from '../parts.js';
import { decodeArray } from '../arrays.js';
import { t } from '../words.js';
import { Cells, NumberName } from './cells.js';
import { className, told } from './words.js';

/** @param {{form: any}} props */
export function Form({ form }) {
  if (form.form === 'sum') {
    return html`${form.terms.map((/** @type {any} */ term, /** @type {number} */ i) => html`<${Term} key=${i} term=${term} />`)}
      ${form.bias && html`<p class="small">${t('network.bias')} <${NumberName} sent=${form.bias} /> = <strong>${told(form.bias)}</strong></p>`}`;
  }
  if (form.form === 'copy') return html`<p class="small">${t('network.copied')} <${NumberName} sent=${form.given} /> = ${told(form.given)}</p>`;
  if (form.form === 'largest' || form.form === 'smallest') return html`<${Extreme} form=${form} />`;
  if (form.form === 'formula') return html`<${Formula} form=${form} />`;
  return html`<${Softmax} form=${form} />`;
}

/** A window's name, as in "pool1[3, 8…12, 10…14]". @param {{label: string, last: number[]}} grid */
function ranged({ label, last }) {
  const found = label.match(/^(.*)\[([-\d, ]+)\]$/);
  if (!found) return label;
  const first = found[2].split(', ').map(Number);
  const sign = (/** @type {number} */ number) => String(number).replace('-', '−');
  return `${found[1]}[${first.map((at, axis) => (at === last[axis] ? sign(at) : `${sign(at)}…${sign(last[axis])}`)).join(', ')}]`;
}

/** Products that are added up. @param {{term: any}} props */
function Term({ term }) {
  if (term.count > 1 && term.zeros === term.count) return html`<p class="small faint">${t('network.zeros', { count: term.count })}</p>`;
  const named = (/** @type {any} */ side) => `${side.gradient ? '∂L/∂' : ''}${side.name}`;
  return html`${term.windows.map((/** @type {any} */ each, /** @type {number} */ i) => html`<div class="products" key=${i}>
      <${Cells} name=${named({ ...term.left, name: ranged(each.left) })} array=${decodeArray(each.left.values)} units=${each.left.units} padding=${each.left.padding} />
      ${term.uniform ? term.right.name !== '1' && html`<span class="sign">× ${term.right.name}</span>` : html`
        <span class="sign" aria-hidden="true">×</span>
        <${Cells} name=${named(term.right)} array=${decodeArray(each.right)} />
        <span class="sign" aria-hidden="true">=</span>
        <${Cells} name=${t('bench.products')} array=${decodeArray(each.products)} />`}
      <span class="sign" aria-hidden="true">Σ</span><output class="total">${told(each.sum)}</output></div>`)}
    ${term.listed.length > 0 && html`<div class="scroll"><table class="grid list">
      <caption class="unseen">${t('bench.products')}</caption>
      <tbody>${term.listed.map((/** @type {any} */ each, /** @type {number} */ i) => html`<tr key=${i}>
        <td class="text"><${NumberName} sent=${each.left} /></td><td>${told(each.left)}</td><td>×</td>
        <td class="text"><${NumberName} sent=${each.right} /></td><td>${told(each.right)}</td><td>=</td><td><strong>${told(each.product)}</strong></td></tr>`)}</tbody></table></div>`}
    ${term.rest && html`<p class="small faint">${t(`network.rest.${term.rest.kind}`, { count: term.rest.count })} <strong>${told(term.rest)}</strong></p>`}`;
}

/** @param {{form: any}} props */
function Extreme({ form }) {
  return html`${form.window && html`<div class="products"><${Cells} name=${ranged(form.window)} array=${decodeArray(form.window.values)}
      units=${form.window.units} padding=${form.window.padding} winner=${form.place} /></div>`}
    <p class="small">${t(`network.${form.form}`, { count: form.count })} <${NumberName} sent=${form.winner} /> = <strong>${told(form.winner)}</strong></p>`;
}

/** @param {{form: any}} props */
function Formula({ form }) {
  return html`${form.given.length > 0 && html`<ul class="given">${form.given.map((/** @type {any} */ each) => html`<li key=${each.symbol}>
      <span translate=${false}>${each.symbol} = <strong>${told(each)}</strong></span> ${each.label !== each.symbol && html`<span class="faint small"><${NumberName} sent=${each} /></span>`}</li>`)}</ul>`}
    ${form.first_order.map((/** @type {any} */ term, /** @type {number} */ i) => html`<${Term} key=${i} term=${term} />`)}`;
}

/** @param {{form: any}} props */
function Softmax({ form }) {
  return html`<div class="scroll"><table class="grid"><thead><tr><th scope="col">${t('network.class.head')}</th>
      <th scope="col">${t('network.score')} x</th><th scope="col">e^(x − ${told(form.largest)})</th><th scope="col">${t('network.share')}</th></tr></thead>
    <tbody>${form.rows.map((/** @type {any} */ row) => html`<tr key=${row.class} aria-current=${row.own ? 'true' : undefined}>
      <th scope="row">${className(row.class)}</th><td><${NumberName} sent=${row.score} /> ${told(row.score)}</td><td>${told(row.power)}</td><td>${told(row.share)}</td></tr>`)}
      ${form.rest && html`<tr><th scope="row">${t('network.rest.classes', { count: form.rest.count })}</th><td></td><td>${told(form.rest.power)}</td><td>${told(form.rest.share)}</td></tr>`}
    </tbody></table></div>`;
}
