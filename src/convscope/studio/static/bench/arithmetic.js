/** The arithmetic of one output: pixels, kernel, products, their sum, the bias and the activation. */
import { html } from '../parts.js';
import { painted } from '../appearance.js';
import { readable, scaleOf } from '../plane.js';
import { short, shown, signed } from '../numbers.js';
import { t } from '../words.js';
import { agreement, place } from './numbers.js';
import { channelName } from './settings.js';
import { at, windowAt } from './window.js';

/** @param {{found: import('./numbers.js').Answer}} props */
export function Arithmetic({ found }) {
  const { row, column } = place.value;
  const channels = windowAt(found, place.value);
  const pools = found.flip === null;
  return html`<section class="card arithmetic" aria-labelledby="arithmetic-title">
    <div class="row spread"><h2 id="arithmetic-title">${t('bench.arithmetic', { row: row + 1, column: column + 1 })}</h2>
      <${Agreement} /></div>
    ${pools ? channels.map((each, c) => html`<${Pooled} key=${c} found=${found} channel=${each} number=${c} />`) : html`
      <div class="blocks">${channels.map((each, c) => html`<${Products} key=${c} found=${found} channel=${each} number=${c} />`)}</div>
      <${Sum} found=${found} channels=${channels} />`}
  </section>`;
}

/** @param {{found: import('./numbers.js').Answer, channel: import('./window.js').Channel, number: number}} props */
function Products({ found, channel, number }) {
  const count = found.image.array.shape[0];
  const named = count > 1 ? channelName(number, count) : '';
  return html`<div class="products">
    ${named && html`<h3>${named}</h3>`}
    <${Cells} name=${t('bench.pixels')} rows=${channel.pixels} top=${found.image.top} />
    <span class="sign" aria-hidden="true">×</span>
    <${Cells} name=${found.state.operation === 'convolution' ? t('bench.kernel.turned') : t('bench.kernel')} rows=${channel.weights} />
    <span class="sign" aria-hidden="true">=</span>
    <${Cells} name=${t('bench.products')} rows=${channel.products} />
    <span class="sign" aria-hidden="true">Σ</span>
    <output class="total">${shown(channel.sum)}</output>
  </div>`;
}

/** @param {{found: import('./numbers.js').Answer, channels: import('./window.js').Channel[]}} props */
function Sum({ found, channels }) {
  const { row, column } = place.value;
  const { bias, relu } = found.state;
  const sum = channels.reduce((total, each) => total + each.sum, 0) + bias;
  const given = at(found.sums, 0, row, column);
  const parts = [shown(channels[0].sum), ...channels.slice(1).map((each) => signed(each.sum)), signed(bias)];
  return html`<p class="result"><span>${parts.join(' ')}${!relu && ' ='}</span>
    ${relu && html`<span>= ${shown(given)}, max(0, ${shown(given)}) =</span>`}
    <strong>${shown(at(found.output, 0, row, column))}</strong>
    <span class="small faint">${channels.length > 1 ? t('bench.parts.channels') : t('bench.parts.one')} ${Math.abs(sum - given) <= 1e-9 * Math.max(1, Math.abs(given))
      ? t('bench.python', { value: shown(given) }) : t('bench.python.differs', { value: shown(given) })}</span></p>`;
}

/** @param {{found: import('./numbers.js').Answer, channel: import('./window.js').Channel, number: number}} props */
function Pooled({ found, channel, number }) {
  const { row, column } = place.value;
  const { operation, relu } = found.state;
  const count = found.image.array.shape[0];
  const pixels = channel.pixels.flat();
  const average = operation === 'average';
  const value = at(found.output, number, row, column);
  return html`<div class="products">
    ${count > 1 && html`<h3>${channelName(number, count)}</h3>`}
    <${Cells} name=${t('bench.pixels')} rows=${channel.pixels} top=${found.image.top} winner=${average ? undefined : channel.sum} />
    <span class="sign" aria-hidden="true">${average ? '→' : 'max'}</span>
    <p class="result">${average
      ? t('bench.mean', { sum: shown(pixels.reduce((sum, each) => sum + each, 0)), count: pixels.length })
      : t('bench.largest', { count: pixels.length })} = <strong>${shown(channel.sum)}</strong>
      ${relu && html`<span>max(0, ${shown(channel.sum)}) = <strong>${shown(value)}</strong></span>`}
      <span class="small faint">${t('bench.python', { value: shown(value) })}</span></p>
  </div>`;
}

/**
 * A small matrix, its cells tinted by their values.
 * @param {{name: string, rows: number[][], top?: number, winner?: number, visible?: boolean}} props
 */
export function Cells({ name, rows, top, winner }) {
  const flat = Float64Array.from(rows.flat());
  void painted.value;
  const scale = scaleOf({ shape: [1, rows.length, rows[0].length], data: flat }, top, top === undefined);
  let won = false;
  const cell = (/** @type {number} */ value) => {
    const shade = Number.isFinite(value) ? scale.of(value) : null;
    const wins = !won && value === winner;
    won ||= wins;
    return html`<td class=${wins ? 'winner' : undefined} style=${shade && { background: `rgb(${shade.join(' ')})`, color: readable(shade) }}>${short(value)}</td>`;
  };
  return html`<div class="scroll" tabindex=${rows[0].length > 6 ? 0 : undefined}><table class=${`cells${rows.length > 5 || rows[0].length > 5 ? ' many' : ''}`}>
    <caption>${name}</caption><tbody>${rows.map((row, r) => html`<tr key=${r}>${row.map(cell)}</tr>`)}</tbody></table></div>`;
}

/** Whether PyTorch gives the same output. */
function Agreement() {
  const found = agreement.value;
  if (!found) return html`<span class="badge faint">${t('bench.torch.asking')}</span>`;
  const good = found.difference <= 1e-9 * Math.max(1, found.largest);
  const values = { difference: found.difference === 0 ? '0' : found.difference.toExponential(0).replace('e-', ' · 10⁻').replace(/⁻(\d+)$/, (_, digits) => `⁻${[...digits].map((d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(d)]).join('')}`) };
  return html`<span class=${`badge ${good ? 'good' : 'bad'}`}>${good
    ? `✓ ${found.difference === 0 ? t('bench.torch.exact') : t('bench.torch.equal', values)}` : `✗ ${t('bench.torch.differs', values)}`}</span>`;
}
