/** Curves over steps: drawn on a canvas, and the same as sentences, as a table, by arrow keys and as a tone. */
import { html, useEffect, useLayoutEffect, useRef, useState } from './parts.js';
import { colour, painted } from './appearance.js';
import { shown } from './numbers.js';
import { hear } from './tone.js';
import { language, t } from './words.js';
import UPlot from './vendor/uplot.js';

/**
 * @typedef {object} CurveSeries
 * @property {string} key Tells it from the others.
 * @property {string} name As people read it.
 * @property {number[]} steps Rising.
 * @property {(number | null)[]} values As many; null where one was no finite number.
 * @property {number} [look] Its colour and dashes; usually its place among the others.
 * @property {{en: string, zh: string}} [sentence] As Python says it (`MetricCurve.in_words`).
 */
/**
 * @typedef {object} CurvesProps
 * @property {string} title
 * @property {CurveSeries[]} series
 * @property {string} [unit] What the steps are, as in "step"; usual: t('curves.step').
 * @property {boolean} [share] Whether values are shares of 1, shown in per cent.
 * @property {(low: number, high: number) => void} [onRange] Another stretch is looked at.
 * @property {number} [height] Pixels.
 */

const COLOURS = ['blue', 'orange', 'grey', 'good', 'bad'];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];
const MOST_ROWS = 25;
const LOGARITHMIC = 20; // as in the library's figures: the largest is so many times the least

/** @param {number} [look] */
const dashOf = (look = 0) => DASHES[(look + Math.floor(look / COLOURS.length)) % DASHES.length];
/** @param {number} [look] */
const colourOf = (look = 0) => colour(COLOURS[look % COLOURS.length]);
/** @param {number | null | undefined} value @param {boolean} [share] */
const told = (value, share) => (value === null || value === undefined ? '–' : share ? `${shown(Number((100 * value).toPrecision(3)))} %` : shown(Number(value.toPrecision(4))));

/** All steps, and each series at them: undefined where it has none, null where it isn't finite. @param {CurveSeries[]} series */
function aligned(series) {
  const steps = [...new Set(series.flatMap((each) => each.steps))].sort((a, b) => a - b);
  const places = new Map(steps.map((step, i) => [step, i]));
  const columns = series.map((each) => {
    /** @type {(number | null | undefined)[]} */
    const column = new Array(steps.length).fill(undefined);
    each.steps.forEach((step, i) => { column[/** @type {number} */ (places.get(step))] = each.values[i]; });
    return column;
  });
  return { steps, columns, places };
}

/** @param {CurvesProps} props */
export function Curves({ title, series, unit, share, onRange, height = 240 }) {
  const shownSeries = series.filter((each) => each.steps.length);
  const step = unit ?? t('curves.step');
  const data = aligned(shownSeries);
  const [at, setAt] = useState(-1);
  const place = Math.min(at < 0 ? data.steps.length - 1 : at, data.steps.length - 1);
  if (!shownSeries.length) return html`<div class="curves"><h3>${title}</h3><p class="faint small">${t('curves.none')}</p></div>`;
  const here = t('curves.at', {
    unit: step, step: data.steps[place],
    values: shownSeries.map((each, i) => `${each.name} ${told(nearest(data.columns[i], place), share)}`).join(t('curves.and')),
  });
  return html`<div class="curves"><h3>${title}</h3>
    <${Drawing} title=${title} series=${shownSeries} data=${data} unit=${step} share=${share} height=${height} place=${place}
      at=${at} setAt=${setAt} onRange=${onRange} here=${here} />
    <ul class="legend">${shownSeries.map((each) => html`<li key=${each.key}><${Sample} look=${each.look} /><bdi>${each.name}</bdi>
      <button type="button" class="tool" title=${t('curves.hear', { name: each.name })} aria-label=${t('curves.hear', { name: each.name })}
        onClick=${() => hear(each.values)}><span aria-hidden="true">♪</span></button></li>`)}</ul>
    ${shownSeries.map((each) => each.sentence && html`<p class="small said" key=${each.key} translate=${false}>${each.sentence[language.value === 'zh' ? 'zh' : 'en']}</p>`)}
    <${Table} title=${title} series=${shownSeries} data=${data} unit=${step} share=${share} />
  </div>`;
}

/** The value at a place, or the one before it. @param {(number | null | undefined)[]} column @param {number} place */
function nearest(column, place) {
  for (let i = place; i >= 0; i -= 1) if (column[i] !== undefined) return column[i];
  return undefined;
}

/** A line as the drawing has it. @param {{look?: number}} props */
function Sample({ look }) {
  void painted.value;
  return html`<svg class="sample" width="28" height="10" aria-hidden="true"><line x1="1" x2="27" y1="5" y2="5" stroke=${colourOf(look)}
    stroke-width="2.5" stroke-dasharray=${dashOf(look).join(' ')} /></svg>`;
}

/** The canvas, with a cursor that arrow keys move. @param {any} props */
function Drawing({ title, series, data, unit, share, height, place, at, setAt, onRange, here }) {
  const host = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {any} */ (null));
  const zoomed = useRef(false);
  const asked = useRef(onRange);
  asked.current = onRange;
  const values = data.columns.flat().filter((/** @type {any} */ value) => typeof value === 'number');
  const low = values.reduce((/** @type {number} */ a, /** @type {number} */ b) => Math.min(a, b), Infinity);
  const high = values.reduce((/** @type {number} */ a, /** @type {number} */ b) => Math.max(a, b), -Infinity);
  const logarithmic = !share && low > 0 && high > LOGARITHMIC * low;
  const names = series.map((/** @type {CurveSeries} */ each) => `${each.key} ${each.look ?? 0}`).join('|');
  const shades = painted.value;

  useLayoutEffect(() => {
    const parent = /** @type {HTMLDivElement} */ (host.current);
    const made = new (/** @type {any} */ (UPlot))(options({ series, unit, share, height, logarithmic, width: parent.clientWidth || 300, zoomed, asked, setAt }), [data.steps, ...data.columns], parent);
    made.root.setAttribute('aria-hidden', 'true');
    plot.current = made;
    const watch = new ResizeObserver(() => { if (parent.clientWidth) made.setSize({ width: parent.clientWidth, height }); });
    watch.observe(parent);
    return () => { watch.disconnect(); made.destroy(); };
  }, [names, shades, logarithmic, unit, share, height]);
  const last = data.steps[data.steps.length - 1];
  const key = `${data.steps.length} ${last} ${data.steps[0]} ${values.length}`;
  useEffect(() => { plot.current?.setData([data.steps, ...data.columns], !zoomed.current); }, [key]);
  useEffect(() => {
    if (at < 0 || !plot.current) return;
    plot.current.setCursor({ left: plot.current.valToPos(data.steps[place], 'x'), top: 0 }, false);
  }, [at, key]);

  const [said, say] = useState('');
  useEffect(() => {
    if (at < 0) return undefined;
    const timer = setTimeout(() => say(here), 400);
    return () => clearTimeout(timer);
  }, [here, at]);
  const move = (/** @type {KeyboardEvent} */ event) => {
    const many = data.steps.length;
    const far = Math.max(1, Math.round(many / 20));
    const next = { ArrowLeft: place - 1, ArrowRight: place + 1, PageUp: place - far, PageDown: place + far, Home: 0, End: many - 1 }[event.key];
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    setAt(Math.min(many - 1, Math.max(0, next)));
  };
  return html`<div class="curve-box" tabindex="0" role="application" aria-label=${t('curves.name', { title })} aria-roledescription=${t('curves.role')}
      data-points=${data.steps.length} data-last=${last} onKeyDown=${move}><div ref=${host}></div></div>
    <p class="here small"><span aria-hidden="true">${here}</span><span class="unseen" role="status">${said}</span></p>
    <p class="small faint">${t('curves.keys')}</p>`;
}

/** @param {any} props */
function options({ series, unit, share, height, logarithmic, width, zoomed, asked, setAt }) {
  const axis = { stroke: colour('faint'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line'), width: 1 }, font: '12px system-ui, sans-serif', labelFont: '12px system-ui, sans-serif' };
  return {
    width, height, legend: { show: false }, cursor: { y: false, drag: { x: true, y: false }, points: { size: 8, width: 0, fill: (/** @type {any} */ _, /** @type {number} */ i) => colourOf(series[i - 1].look) } },
    scales: { x: { time: false }, y: { distr: logarithmic ? 3 : 1 } },
    axes: [
      { ...axis, label: unit, labelSize: 18, size: 34, values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map((value) => (Number.isInteger(value) ? String(value) : '')) },
      { ...axis, size: 58, values: (/** @type {any} */ _, /** @type {(number | null)[]} */ splits) => splits.map((value) => (value === null ? '' : told(value, share))) },
    ],
    series: [{}, ...series.map((/** @type {CurveSeries} */ each) => ({
      label: each.name, stroke: colourOf(each.look), width: 2, dash: dashOf(each.look), spanGaps: false,
      points: { show: each.steps.length <= 40, size: 6, fill: colour('card') },
    }))],
    hooks: {
      setSelect: [(/** @type {any} */ plot) => { zoomed.current = plot.select.width > 0; }],
      setScale: [(/** @type {any} */ plot, /** @type {string} */ key) => {
        if (key !== 'x' || !asked.current) return;
        asked.current(plot.scales.x.min, plot.scales.x.max);
      }],
      setCursor: [(/** @type {any} */ plot) => { if (plot.cursor.event && plot.cursor.idx !== null && plot.cursor.idx !== undefined) setAt(plot.cursor.idx); }],
      ready: [(/** @type {any} */ plot) => { plot.over.addEventListener('dblclick', () => { zoomed.current = false; }); }],
    },
  };
}

/** At most 25 rows: steps of the rarest series, evenly chosen, first and last among them. @param {any} props */
function Table({ title, series, data, unit, share }) {
  const [open, setOpen] = useState(false);
  const rarest = series.reduce((/** @type {CurveSeries} */ a, /** @type {CurveSeries} */ b) => (b.steps.length > 1 && (b.steps.length < a.steps.length || a.steps.length < 2) ? b : a));
  const places = rarest.steps.map((/** @type {number} */ step) => data.places.get(step));
  const many = places.length;
  const rows = many <= MOST_ROWS ? places
    : [...new Set(Array.from({ length: MOST_ROWS }, (_, i) => places[Math.round((i * (many - 1)) / (MOST_ROWS - 1))]))];
  return html`<details onToggle=${(/** @type {any} */ event) => setOpen(event.target.open)}><summary>${t('curves.table', { title })}</summary>
    ${open && html`<div class="scroll"><table class="grid"><caption class="unseen">${title}</caption>
      <thead><tr><th scope="col">${unit}</th>${series.map((/** @type {CurveSeries} */ each) => html`<th scope="col" key=${each.key}>${each.name}</th>`)}</tr></thead>
      <tbody>${rows.map((/** @type {number} */ row) => html`<tr key=${row}><th scope="row">${data.steps[row]}</th>${series.map((/** @type {CurveSeries} */ each, /** @type {number} */ i) => html`<td key=${each.key}>${told(nearest(data.columns[i], row), share)}</td>`)}</tr>`)}</tbody>
    </table></div>`}${rows.length < data.steps.length && html`<p class="small faint">${t('curves.some', { rows: rows.length, count: data.steps.length })}</p>`}</details>`;
}
