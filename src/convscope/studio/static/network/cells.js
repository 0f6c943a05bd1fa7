/** A small table of numbers tinted by their values; those that are units lead to where they come from. */
import { html } from '../parts.js';
import { painted } from '../appearance.js';
import { readable, scaleOf } from '../plane.js';
import { short, shown } from '../numbers.js';
import { t } from '../words.js';
import { unitName } from './data.js';
import { goTo } from './state.js';

/**
 * @param {{name: any, array: import('../arrays.js').NumberArray, units?: (string | null)[][], padding?: boolean[][], winner?: number[]}} props
 */
export function Cells({ name, array, units, padding, winner }) {
  void painted.value;
  const [rows, columns] = array.shape;
  const scale = scaleOf({ shape: [1, rows, columns], data: array.data }, undefined, true);
  const cell = (/** @type {number} */ r, /** @type {number} */ c) => {
    const value = array.data[r * columns + c];
    if (padding?.[r][c]) return html`<td key=${c} class="outside" title=${t('network.padding')}>·</td>`;
    const shade = Number.isFinite(value) ? scale.of(value) : null;
    const style = shade && { background: `rgb(${shade.join(' ')})`, color: readable(shade) };
    const unit = units?.[r][c];
    const won = winner && winner[0] === r && winner[1] === c;
    return html`<td key=${c} class=${won ? 'winner' : undefined} style=${style}>${unit
      ? html`<button type="button" class="cell" onClick=${() => goTo(unit, unitName.value)}>${short(value)}<span class="unseen"> ${t('network.go', { unit })}</span></button>`
      : short(value)}</td>`;
  };
  return html`<div class="scroll"><table class=${`cells${columns > 5 ? ' many' : ''}`}><caption>${name}</caption>
    <tbody>${Array.from({ length: rows }, (_, r) => html`<tr key=${r}>${Array.from({ length: columns }, (__, c) => cell(r, c))}</tr>`)}</tbody></table></div>`;
}

/** A number that may be a unit: its name leads to where it comes from. @param {{sent: any, gradient?: boolean}} props */
export function NumberName({ sent }) {
  const label = `${sent.gradient ? '∂L/∂' : ''}${sent.label}`;
  if (!sent.unit) return html`<bdi translate=${false}>${sent.padding ? t('network.padding') : label}</bdi>`;
  return html`<button type="button" class="link" onClick=${() => goTo(sent.unit, unitName.value)}><bdi translate=${false}>${label}</bdi></button>`;
}

/** Whether Python's explanation and PyTorch's number are the same. @param {{found: any}} props */
export function Mark({ found }) {
  if (found.agrees) {
    return html`<span class="badge good">✓ ${found.difference.value === 0 ? t('network.exact') : t('network.equal', { difference: shown(found.difference.value ?? NaN) })}</span>`;
  }
  return html`<span class="badge bad">✗ ${t('network.differs', { difference: shown(found.difference.value ?? NaN) })}</span>`;
}
