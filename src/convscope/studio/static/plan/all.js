/** All networks in one picture: what each costs, and how accurate it came out. */
import { html } from '../parts.js';
import { axisOf, Chart, placesOf } from '../charts.js';
import { Refused } from '../refused.js';
import { bytes, duration, percent, quantity } from '../units.js';
import { t } from '../words.js';
import { countAll, counting, forecastAll, forecasts, imagesOf, networks } from './data.js';
import { change, MEASURES, state } from './state.js';

const [WIDTH, HEIGHT] = [900, 420];
const LETTER = 6.4; // units of the picture, about

/** @type {Record<string, (value: number | null) => string>} */
const WRITE = { accuracy: percent, macs: quantity, parameters: quantity, epoch: duration, memory: bytes };

/** What a network measures; null: not known. @param {any} row @param {string} measure @returns {number | null} */
function valueOf(row, measure) {
  if (measure === 'macs' || measure === 'parameters') return row[measure];
  if (measure === 'accuracy') return networks.found.value.accuracies[row.network]?.accuracy ?? null;
  const forecast = forecasts.value[row.network];
  if (!forecast) return null;
  return measure === 'epoch' ? forecast.time.epoch_seconds : forecast.memory.peak_bytes;
}

export function All() {
  const found = networks.found.value?.asked === JSON.stringify(imagesOf()) ? networks.found.value : null;
  const rows = found?.networks ?? [];
  const known = rows.filter((/** @type {any} */ row) => row.network in forecasts.value).length;
  return html`<section class="card all" aria-labelledby="all-title"><h2 id="all-title">${t('plan.all')}</h2>
    <p class="small faint">${t('plan.all.why')}</p>
    <div class="row"><button type="button" disabled=${networks.busy.value || !state.value.data.trim()} onClick=${countAll}>${networks.busy.value ? t('plan.busy') : t('plan.all.count')}</button>
      ${found && (counting.value ? html`<button type="button" onClick=${() => { counting.value = false; }}>${t('plan.all.stop')}</button>`
    : html`<button type="button" disabled=${known === rows.length} onClick=${forecastAll}>${t('plan.all.forecast')}</button>`)}
      <span class="small faint" role="status">${found && (known || counting.value) ? t('plan.all.progress', { known, count: rows.length }) : ''}</span></div>
    ${networks.refusal.value && html`<${Refused} refusal=${networks.refusal.value} />`}
    ${found && html`<${Picture} rows=${rows} /><${List} rows=${rows} leftOut=${found.left_out} />`}
  </section>`;
}

/** @param {{rows: any[]}} props */
function Picture({ rows }) {
  const { across, up } = state.value;
  const select = (/** @type {"across" | "up"} */ key) => html`<label class="row"><span>${t(`plan.all.${key}`)}</span><select value=${state.value[key]} onChange=${(/** @type {any} */ event) => change({ [key]: event.target.value })}>
    ${MEASURES.map((each) => html`<option key=${each} value=${each}>${t(`plan.measure.${each}`)}</option>`)}</select></label>`;
  const points = rows.map((row) => ({ row, a: valueOf(row, across), b: valueOf(row, up) }));
  const drawn = points.filter((each) => each.a !== null && each.b !== null);
  const beside = points.filter((each) => each.a !== null && each.b === null);
  const axis = (/** @type {string} */ measure, /** @type {number[]} */ values) => axisOf(values, t(`plan.measure.${measure}`), WRITE[measure], measure === 'accuracy' ? {} : { logarithmic: true });
  const numbers = (/** @type {(number | null)[]} */ values) => /** @type {number[]} */ (values.filter((value) => value !== null));
  const x = axis(across, numbers(points.map((each) => each.a)));
  const y = axis(up, numbers(drawn.map((each) => each.b)));
  const at = placesOf(x, y, WIDTH, HEIGHT);
  return html`<div class="row">${select('across')}${select('up')}</div>
    ${!drawn.length ? html`<p class="note">${t(up === 'accuracy' || across === 'accuracy' ? 'plan.all.untrained' : 'plan.all.unforecast')}</p>` : null}
    <div class="scroll wide-chart" tabindex="0" role="group" aria-labelledby="all-title"><${Chart} name=${t('plan.all.chart', { across: x.title, up: y.title, count: drawn.length })} x=${x} y=${y} width=${WIDTH} height=${HEIGHT}>
      ${beside.map(({ row, a }) => html`<line key=${row.network} class="rug" x1=${at.x(Number(a))} x2=${at.x(Number(a))} y1=${at.bottom - 8} y2=${at.bottom}><title>${row.network}</title></line>`)}
      ${drawn.map(({ row, a, b }) => html`<${Mark} key=${row.network} row=${row} x=${at.x(Number(a))} y=${at.y(Number(b))} up=${up} at=${at} />`)}
      ${labels(drawn.map(({ row, a, b }) => ({ name: row.network, x: at.x(Number(a)), y: at.y(Number(b)) })), at)}
    </${Chart}></div>
    ${beside.length > 0 && drawn.length > 0 && html`<p class="small faint">${t('plan.all.rug', { count: beside.length })}</p>`}`;
}

/** A network; with the interval of its accuracy. @param {any} props */
function Mark({ row, x, y, up, at }) {
  const known = up === 'accuracy' ? networks.found.value.accuracies[row.network] : null;
  const own = row.network === state.value.network;
  return html`<g class="network-mark" onClick=${() => change({ network: row.network })}><title>${row.network}</title>
    ${known && html`<line class="interval" x1=${x} x2=${x} y1=${Math.max(at.top, at.y(known.high))} y2=${Math.min(at.bottom, at.y(known.low))} />`}
    <circle class=${own ? 'mark two' : 'mark one'} cx=${x} cy=${y} r=${own ? 8 : 6} /></g>`;
}

/** Names beside marks, as many as find room; the chosen network's first. @param {{name: string, x: number, y: number}[]} marks @param {any} at */
function labels(marks, at) {
  const boxes = marks.map(({ x, y }) => [x - 7, y - 7, x + 7, y + 7]);
  const order = [...marks].sort((a, b) => Number(b.name === state.value.network) - Number(a.name === state.value.network));
  return order.map(({ name, x, y }) => {
    const wide = LETTER * name.length;
    for (const [dx, anchor] of /** @type {[number, string][]} */ ([[10, 'start'], [-10, 'end']])) {
      const left = anchor === 'start' ? x + dx : x + dx - wide;
      const box = [left, y - 7, left + wide, y + 7];
      const own = boxes.findIndex((each) => each[0] === x - 7 && each[1] === y - 7);
      const free = left > at.left && box[2] < WIDTH && boxes.every((each, i) => i === own || each[2] < box[0] || each[0] > box[2] || each[3] < box[1] || each[1] > box[3]);
      if (!free) continue;
      boxes.push(box);
      return html`<text key=${name} class=${name === state.value.network ? 'own' : ''} x=${x + dx} y=${y + 4} text-anchor=${anchor}>${name}</text>`;
    }
    return null;
  });
}

/** @param {{rows: any[], leftOut: string[]}} props */
function List({ rows, leftOut }) {
  return html`<details><summary>${t('plan.all.table', { count: rows.length })}</summary><div class="scroll tall" tabindex="0" role="group" aria-labelledby="all-title"><table class="grid list"><thead><tr>
      <th scope="col" class="text">${t('plan.network')}</th>${MEASURES.map((each) => html`<th scope="col" key=${each}>${t(`plan.measure.${each}`)}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.network} aria-current=${row.network === state.value.network ? 'true' : undefined}>
      <th scope="row" class="text"><button type="button" class="link" translate=${false} onClick=${() => change({ network: row.network })}>${row.network}</button></th>
      ${MEASURES.map((each) => html`<td key=${each}>${WRITE[each](valueOf(row, each))}</td>`)}</tr>`)}</tbody></table></div></details>
    ${leftOut.length > 0 && html`<p class="small faint">${t('plan.all.left')} <span translate=${false}>${leftOut.join(', ')}</span></p>`}`;
}
