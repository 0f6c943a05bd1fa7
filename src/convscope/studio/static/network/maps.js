/** The feature maps of a layer as thumbnails, and one of them large, with the unit that is looked at. */
import { html, useEffect, useState } from '../parts.js';
import { slice } from '../arrays.js';
import { Plane, Scale } from '../plane.js';
import { Thumbnail } from '../thumbnail.js';
import { shown } from '../numbers.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { layer, map, maps, place, placeOf, unitAt } from './data.js';
import { change, state } from './state.js';
import { sizes } from './words.js';

export function Maps() {
  const found = maps.found.value;
  return html`<section class="card maps" aria-labelledby="maps-title" aria-busy=${maps.busy.value}>
    <div class="row spread"><h2 id="maps-title">${found && !found.maps ? t('network.values') : t('network.maps')} <bdi translate=${false}>${layer.value}</bdi></h2>
      ${found && html`<span class="faint small">${sizes(found.shape)}</span>`}</div>
    ${maps.refusal.value ? html`<${Refused} refusal=${maps.refusal.value} />` : !found ? html`<p class="faint">${t('shell.loading')}</p>` : html`
      <${Thumbnails} found=${found} />
      <${Scale} array=${{ shape: [1, 1, 2], data: Float64Array.of(found.lowest ?? 0, found.highest ?? 0) }}
        name=${t('bench.scale', { low: shown(found.lowest ?? 0), high: shown(found.highest ?? 0) })} />
      ${found.reduced && html`<p class="small faint">${t('network.reduced')}</p>`}
      ${found.not_finite > 0 && html`<p class="note">${t('network.not_finite', { count: found.not_finite })}</p>`}
      ${found.count > found.at_once && html`<${Pages} found=${found} />`}`}
  </section>`;
}

/** @param {{found: any}} props */
function Thumbnails({ found }) {
  const [many] = found.thumbnails.shape;
  if (found.count === 1) return html`<p class="small faint">${t('network.single', { count: found.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1) })}</p>`;
  return html`<div class=${`thumbnails${many <= 16 ? ' few' : ''}`}>${Array.from({ length: many }, (_, i) => {
    const channel = found.start + i;
    return html`<button type="button" key=${channel} aria-pressed=${channel === state.value.channel}
      onClick=${() => change({ channel, unit: place.value ? place.value.replace(/^\d+/, String(channel)) : '', trail: '' })}>
      <${Thumbnail} array=${slice(found.thumbnails, i)} low=${found.lowest ?? 0} high=${found.highest ?? 0} />
      <span>${channel}</span><span class="unseen"> ${t('network.map')}</span></button>`;
  })}</div>`;
}

/** @param {{found: any}} props */
function Pages({ found }) {
  const last = Math.min(found.count, found.start + found.at_once) - 1;
  const turn = (/** @type {number} */ start) => change({ channel: start, unit: place.value ? place.value.replace(/^\d+/, String(start)) : '', trail: '' });
  return html`<div class="row">
    <button type="button" disabled=${found.start === 0} onClick=${() => turn(found.start - found.at_once)}>${t('network.earlier')}</button>
    <span class="small">${t('network.some', { first: found.start, last, count: found.count })}</span>
    <button type="button" disabled=${last === found.count - 1} onClick=${() => turn(found.start + found.at_once)}>${t('network.later')}</button></div>`;
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-5, 0], PageDown: [5, 0] };

/** The chosen map, every number of it; the pointer and arrow keys choose the unit. */
export function LargeMap() {
  const found = map.found.value;
  const shape = maps.found.value?.shape;
  const ready = found && shape && place.value !== null && found.asked === layer.value && maps.found.value.asked === layer.value;
  return html`<section class="card large" aria-labelledby="map-title">
    <div class="row spread"><h2 id="map-title">${shape?.length === 3 ? t('network.map.number', { number: state.value.channel }) : t('network.values.all')}</h2>
      ${ready && html`<span class="faint small">${sizes(found.plane.shape.slice(1))}</span>`}</div>
    ${map.refusal.value ? html`<${Refused} refusal=${map.refusal.value} />` : !ready ? html`<p class="faint">${t('shell.loading')}</p>`
      : html`<${Chosen} found=${found} shape=${shape} />`}
  </section>`;
}

/** @param {{found: any, shape: number[]}} props */
function Chosen({ found, shape }) {
  const [, rows, columns] = found.plane.shape;
  const { row, column } = placeOf(/** @type {string} */ (place.value).split(',').map(Number), columns);
  const move = (/** @type {number} */ r, /** @type {number} */ c) => {
    const inside = [Math.min(rows - 1, Math.max(0, r)), Math.min(columns - 1, Math.max(0, c))];
    const next = unitAt(shape, found.channel, inside[0], inside[1], columns);
    if (next !== null && next !== place.value) change({ unit: next, trail: '' });
  };
  const onKey = (/** @type {string} */ key) => {
    const step = /** @type {Record<string, number[]>} */ (STEPS)[key];
    if (step) move(row + step[0], column + step[1]);
    else if (key === 'Home') move(row, 0);
    else if (key === 'End') move(row, columns - 1);
    else return false;
    return true;
  };
  const text = t('network.at', { unit: `${layer.value}[${/** @type {string} */ (place.value).replaceAll(',', ', ')}]`, value: shown(found.plane.data[row * columns + column]) });
  const [said, say] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => say(text), 400);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<${Plane} array=${found.plane} marks=${[{ row, column, height: 1, width: 1, kind: 'box' }]} most=${340}
      name=${t('network.map.plane')} describedBy="map-keys" onKey=${onKey}
      onPoint=${(/** @type {number} */ r, /** @type {number} */ c, /** @type {boolean} */ pressed) => { if (pressed) move(r, c); }} />
    <${Scale} array=${found.plane} name=${t('network.map.scale')} />
    <p class="here"><span aria-hidden="true">${text}</span><span class="unseen" role="status">${said}</span></p>
    <p class="small faint" id="map-keys">${t('network.keys')}</p>`;
}
