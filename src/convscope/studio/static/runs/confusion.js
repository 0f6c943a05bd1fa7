/** The confusion matrix, whose cells open their images, and the images of the open cell. */
import { html, useRef, useState } from '../parts.js';
import { Refused } from '../refused.js';
import { percent } from '../units.js';
import { ViewLink } from '../view_link.js';
import { t } from '../words.js';
import { cell, images } from './data.js';
import { change, state } from './state.js';
import { Thumbnail } from './thumbnail.js';

const MOST_CLASSES = 20; // of more, the commonest mistakes are listed
const MOST_PAIRS = 60;
const AT_ONCE = 24;
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** @param {{result: any}} props */
export function Confusion({ result }) {
  const present = result.classes.map((/** @type {string} */ _, /** @type {number} */ i) => i).filter((/** @type {number} */ i) => result.confusion[i].some(Boolean)
    || result.confusion.some((/** @type {number[]} */ row) => row[i]));
  return html`<section class="card confusion" aria-labelledby="confusion-title"><h2 id="confusion-title">${t('runs.confusion')}</h2>
    <p class="small faint">${t('runs.confusion.why')}</p>
    ${present.length <= MOST_CLASSES ? html`<${Matrix} result=${result} present=${present} />` : html`<${Pairs} result=${result} />`}
    ${present.length < result.classes.length && html`<p class="small faint">${t('runs.confusion.absent', { count: result.classes.length - present.length })}</p>`}
  </section>`;
}

/** @param {string} label @param {string} predicted */
const openCell = (label, predicted) => change({ label, predicted, first: 0 });

/** @param {{result: any, present: number[]}} props */
function Matrix({ result, present }) {
  const { label, predicted } = state.value;
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const [place, setPlace] = useState([0, 0]);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const step = /** @type {Record<string, number[]>} */ (STEPS)[event.key];
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = place.map((at, axis) => Math.min(present.length - 1, Math.max(0, at + step[axis])));
    setPlace(next);
    /** @type {HTMLElement | undefined} */ (body.current?.rows[next[0]].querySelectorAll('button')[next[1]])?.focus();
  };
  return html`<div class="scroll"><table class="matrix"><caption class="unseen">${t('runs.confusion.keys')}</caption>
    <thead><tr><td class="corner">${t('runs.confusion.corner')}</td>${present.map((i) => html`<th scope="col" key=${i} translate=${false}><bdi title=${result.classes[i]}>${result.classes[i]}</bdi></th>`)}</tr></thead>
    <tbody ref=${body} onKeyDown=${move}>${present.map((row, r) => {
      const total = result.confusion[row].reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
      return html`<tr key=${row}><th scope="row" translate=${false}><bdi title=${result.classes[row]}>${result.classes[row]}</bdi></th>${present.map((column, c) => {
        const count = result.confusion[row][column];
        const names = [result.classes[row], result.classes[column]];
        const open = label === names[0] && predicted === names[1];
        const hue = row === column ? 'var(--blue)' : 'var(--orange)';
        const share = count ? Math.round(8 + 34 * Math.sqrt(count / total)) : 0;
        return html`<td key=${column}><button type="button" aria-pressed=${open} tabindex=${r === place[0] && c === place[1] ? 0 : -1}
          style=${{ background: share ? `color-mix(in srgb, ${hue} ${share}%, var(--card))` : '' }}
          aria-label=${t('runs.confusion.cell', { count, label: names[0], predicted: names[1] })}
          onFocus=${() => setPlace([r, c])} onClick=${() => openCell(names[0], names[1])}>${count || '·'}</button></td>`;
      })}</tr>`;
    })}</tbody></table></div>`;
}

/** Of many classes: the commonest mistakes, and any cell by its names. @param {{result: any}} props */
function Pairs({ result }) {
  const { label, predicted } = state.value;
  /** @type {{row: number, column: number, count: number}[]} */
  const pairs = [];
  result.confusion.forEach((/** @type {number[]} */ counts, /** @type {number} */ row) => counts.forEach((count, column) => {
    if (count && row !== column) pairs.push({ row, column, count });
  }));
  pairs.sort((a, b) => b.count - a.count);
  const select = (/** @type {string} */ key, /** @type {string} */ value, /** @type {(name: string) => void} */ set) => html`<label class="row"><span>${t(key)}</span>
    <select value=${value} translate=${false} onChange=${(/** @type {any} */ event) => set(event.target.value)}><option value="">–</option>
      ${result.classes.map((/** @type {string} */ name) => html`<option key=${name} value=${name}>${name}</option>`)}</select></label>`;
  return html`<div class="row">${select('runs.label', label, (name) => openCell(name, predicted || name))}${select('runs.predicted', predicted, (name) => openCell(label || name, name))}</div>
    <div class="scroll tall" tabindex="0" role="group" aria-labelledby="confusion-title"><table class="grid list"><thead><tr><th scope="col">${t('runs.images')}</th><th scope="col" class="text">${t('runs.label')}</th><th scope="col" class="text">${t('runs.predicted')}</th></tr></thead>
      <tbody>${pairs.slice(0, MOST_PAIRS).map(({ row, column, count }) => html`<tr key=${`${row},${column}`} aria-current=${label === result.classes[row] && predicted === result.classes[column] ? 'true' : undefined}>
        <td><button type="button" class="link" aria-label=${t('runs.confusion.cell', { count, label: result.classes[row], predicted: result.classes[column] })}
          onClick=${() => openCell(result.classes[row], result.classes[column])}>${count}</button></td>
        <td class="text" translate=${false}><bdi>${result.classes[row]}</bdi></td><td class="text" translate=${false}><bdi>${result.classes[column]}</bdi></td></tr>`)}</tbody></table></div>
    ${pairs.length > MOST_PAIRS && html`<p class="small faint">${t('runs.confusion.pairs', { shown: MOST_PAIRS, count: pairs.length })}</p>`}`;
}

/** The images of the open cell; each leads into the network view. @param {{found: any}} props */
export function Cell({ found }) {
  const { label, predicted, first, run } = state.value;
  const open = label && predicted;
  const shown = open && cell.found.value?.run === run && cell.found.value.label === label && cell.found.value.predicted === predicted && cell.found.value.first === first ? cell.found.value : null;
  return html`<section class="card cell-images" aria-labelledby="cell-title" aria-live="polite">
    <h2 id="cell-title">${open ? t('runs.cell', { label, predicted }) : t('runs.cell.none')}</h2>
    ${!open ? html`<p class="small faint">${t('runs.cell.choose')}</p>` : html`
      ${cell.refusal.value && html`<${Refused} refusal=${cell.refusal.value} />`}
      ${!shown ? !cell.refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`
        <p class="small">${shown.count ? t('runs.cell.count', { count: shown.count }) : t('runs.cell.empty', { label, predicted })}</p>
        ${images.refusal.value && html`<${Refused} refusal=${images.refusal.value} />`}
        <ul class="pictures">${shown.images.map((/** @type {any} */ each) => html`<${Picture} key=${each.index} image=${each} found=${found} />`)}</ul>
        ${(first > 0 || first + AT_ONCE < shown.count) && html`<div class="row">
          <button type="button" disabled=${first === 0} onClick=${() => change({ first: Math.max(0, first - AT_ONCE) })}>← ${t('runs.cell.before')}</button>
          <span class="small">${first + 1}–${Math.min(shown.count, first + AT_ONCE)} / ${shown.count}</span>
          <button type="button" disabled=${first + AT_ONCE >= shown.count} onClick=${() => change({ first: first + AT_ONCE })}>${t('runs.cell.after')} →</button></div>`}
        ${shown.images.length > 0 && html`<p class="small faint">${found.has_model ? t('runs.cell.why') : t('runs.cell.no_model')}</p>`}`}`}
  </section>`;
}

/** @param {{image: any, found: any}} props */
function Picture({ image, found }) {
  const pixels = images.found.value?.run === found.name ? images.found.value.by.get(image.index) : undefined;
  const short = image.path.split(/[/\\]/).pop();
  const content = html`${pixels ? html`<${Thumbnail} array=${pixels} />` : html`<span class="thumbnail empty" aria-hidden="true"></span>`}
    <bdi class="path" translate=${false}>${short}</bdi><span>${percent(image.probability)}${image.unknown ? html` · ${t('runs.cell.unknown')}` : ''}</span>`;
  const state_ = { network: `stored:${found.name}`, image: `evaluated:${image.index}:${found.name}` };
  return html`<li title=${image.path}>${found.has_model ? html`<${ViewLink} view="network" state=${state_}>${content}</${ViewLink}>` : html`<span class="plain">${content}</span>`}</li>`;
}
