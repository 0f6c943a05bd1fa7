/** Where the chosen number comes from: its steps, and the way backwards, with crumbs. */
import { html } from '../parts.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { Mark, NumberName } from './cells.js';
import { network, unit, unitName } from './data.js';
import { Form } from './forms.js';
import { change, goBack, state } from './state.js';
import { className, Described, told } from './words.js';

/** Forms that have a formula; of the others the page says all in words. */
const WITH_FORMULA = ['sum', 'formula', 'softmax', 'log softmax'];

/** @param {string} name */
const bracketed = (name) => `${name.slice(0, name.lastIndexOf(':'))}[${name.slice(name.lastIndexOf(':') + 1).replaceAll(',', ', ')}]`;

export function UnitCard() {
  const found = unit.found.value;
  const { way, trail } = state.value;
  const crumbs = trail.split('|').filter(Boolean);
  return html`<section class="card unit" aria-labelledby="unit-title" aria-busy=${unit.busy.value}>
    ${crumbs.length > 0 && html`<nav class="crumbs" aria-label=${t('network.crumbs')}><ol>${crumbs.map((name, i) => html`<li key=${i}>
      <button type="button" class="link" onClick=${() => goBack(i)}><bdi translate=${false}>${bracketed(name)}</bdi></button></li>`)}
      <li aria-current="location"><bdi translate=${false}>${bracketed(unitName.value)}</bdi></li></ol></nav>`}
    <div class="row spread"><h2 id="unit-title">${t('network.where')}</h2>
      <div class="choice" role="group" aria-labelledby="unit-title">
        <button type="button" aria-pressed=${way !== 'backward'} onClick=${() => change({ way: 'forward' })}>${t('network.forward')}</button>
        <button type="button" aria-pressed=${way === 'backward'} onClick=${() => change({ way: 'backward' })}>${t('network.backward')}</button>
      </div></div>
    ${unit.refusal.value ? html`<${Refused} refusal=${unit.refusal.value} />` : !found ? html`<p class="faint">${t('shell.loading')}</p>` : html`
      <p class="asked"><bdi translate=${false}>${bracketed(found.asked_name)}</bdi> = <strong>${told(found)}</strong></p>
      ${way === 'backward' && found.backward ? html`<${Backward} found=${found} />` : html`<${Forward} found=${found} />`}`}
  </section>`;
}

/** @param {{found: any}} props */
function Forward({ found }) {
  return html`<ol class="steps">${found.steps.map((/** @type {any} */ step, /** @type {number} */ i) => html`<li key=${i} class=${i === found.place ? 'own' : undefined}>
    <div class="row spread"><h3>${i > found.place && `${t('network.then')} `}<${NumberName} sent=${{
      label: `${step.layer}[${step.index.join(', ')}]`, unit: i === found.place ? null : `${step.layer}:${step.index.join(',')}` }} />
      <span class="faint"> · <${Described} text=${step.description} /></span></h3><${Mark} found=${step} /></div>
    ${WITH_FORMULA.includes(step.arithmetic.form) && html`<p class="written" translate=${false} lang="en">${step.formula}</p>`}
    <${Form} form=${step.arithmetic} />
    ${WITH_FORMULA.includes(step.arithmetic.form) && html`<p class="written" translate=${false} lang="en">= ${step.in_numbers}</p>`}</li>`)}</ol>`;
}

/** @param {{found: any}} props */
function Backward({ found }) {
  const { label, predicted, probability, loss } = found.backward;
  const { count } = network.found.value.answer;
  return html`<div class="row"><label class="row"><span>${t('network.label')}</span>
      <select value=${state.value.label < 0 ? predicted : label} onChange=${(event) => change({ label: Number(event.target.value) })}>
        ${Array.from({ length: Math.min(count ?? 0, 1000) }, (_, i) => html`<option key=${i} value=${i}>${className(i)}</option>`)}</select></label>
      ${state.value.label >= 0 && state.value.label !== predicted && html`<button type="button" onClick=${() => change({ label: -1 })}>${t('network.label.predicted')}</button>`}</div>
    <p class="written">L = −log p[${label}] = −log ${told(probability)} = <strong>${told(loss)}</strong></p>
    <p class="small faint">${t('network.loss.why')}</p>
    <div class="steps">
      <${Gradient} title=${t('network.gradient.unit')} gradient=${found.backward.unit} none=${t('network.gradient.none')} />
      <${Gradient} title=${t('network.gradient.weight')} gradient=${found.backward.weight} none=${t('network.gradient.no_weight')} />
      <${Gradient} title=${t('network.gradient.input')} gradient=${found.backward.input} none=${t('network.gradient.no_input')} /></div>`;
}

/** @param {{title: string, gradient: any, none: string}} props */
function Gradient({ title, gradient, none }) {
  if (!gradient) return html`<div><h3>${title}</h3><p class="small faint">${none}</p></div>`;
  const name = `${gradient.name}[${gradient.index.join(', ')}]`;
  return html`<div><div class="row spread"><h3>${title}</h3><${Mark} found=${gradient} /></div>
    <p class="written" translate=${false}>∂L/∂${name} = <strong>${told(gradient)}</strong></p>
    <${Ways} gradient=${gradient} />
    ${gradient.unexplained.length > 0 && html`<p class="note">${t('network.unexplained', { layers: gradient.unexplained.join(', ') })}</p>`}
    <${Form} form=${gradient.arithmetic} />
    <p class="written" translate=${false} lang="en">= ${gradient.in_numbers}</p></div>`;
}

/** How the gradient gets here. @param {{gradient: any}} props */
function Ways({ gradient }) {
  const { ways, formula, why, uses } = gradient;
  if (!ways.length) {
    return html`<p class="small faint"><span translate=${false}>${formula}</span>${why && html`<span> ${t(`network.why.${why}`)}</span>`}</p>`;
  }
  return html`<p class="small faint">${ways.map((/** @type {any} */ each, /** @type {number} */ i) => html`${i > 0 && ' · '}${each.way
    ? t(`network.way.${each.way}`, { layers: each.layers.join(', ') })
    : html`<span lang="en">${each.layers.join(', ')}: ${each.words}</span>`}`)}${uses > 1 && ` ${t('network.way.uses', { count: uses })}`}</p>`;
}
