/** Teaching a kernel what another one does, or an output that is drawn, step by step. */
import { html, useEffect, useRef, useState } from '../parts.js';
import { calm } from '../appearance.js';
import { ask, Refusal } from '../api.js';
import { decodeArray, encodeArray } from '../arrays.js';
import { Entry } from '../entry.js';
import { shown } from '../numbers.js';
import { t } from '../words.js';
import { Cells } from './arithmetic.js';
import { asArray, asMatrices, choices, settingsOf, slices } from './numbers.js';
import { change, state } from './state.js';
import { drawnOutput, WantedOutput } from './wanted.js';

const STEPS = 150;
const DRAWN = 'drawn';
const SHOWN = 60; // moments of a run that are shown, one after another

/** @param {{found: import('./numbers.js').Answer}} props */
export function Teach({ found }) {
  const { wanted, rate } = state.value;
  const draws = wanted === DRAWN;
  const channels = found.image.array.shape[0];
  const now = slices(state.value.kernel, channels)[0];
  const goal = draws ? now : choices.value?.kernels.find((each) => each.name === wanted)?.matrix;
  const [, height, width] = found.output.shape;
  const [losses, setLosses] = useState(/** @type {number[]} */ ([]));
  const [said, say] = useState(/** @type {{largest: number | null, away: boolean, difference: number, least?: number, best?: number[][], refused?: Refusal} | null} */ (null));
  const [running, setRunning] = useState(false);
  const timer = useRef(0);
  const stop = () => { clearInterval(timer.current); setRunning(false); };
  useEffect(() => stop, []);
  useEffect(() => { stop(); setLosses([]); say(null); }, [wanted, draws && state.value.marks, found.image, found.state.operation, found.state.stride, found.state.dilation]);
  if (!found.flip || !goal) return null; // pooling has nothing to learn

  const atRandom = () => {
    const random = () => Array.from({ length: goal.length }, () => Array.from({ length: goal[0].length }, () => Math.round(Math.random() * 20 - 10) / 10));
    const kernel = Array.from({ length: channels }, random);
    change({ kernel, bias: 0, relu: false });
    setLosses([]);
    say(null);
    return kernel;
  };
  const start = () => { stop(); atRandom(); };
  const go = async (/** @type {number} */ steps) => {
    stop();
    let kernel = fitted(slices(state.value.kernel, channels), goal);
    const knows = !draws && kernel.every((slice) => String(slice) === String(goal));
    if (knows) kernel = atRandom(); // there would be nothing to see
    const learned = { ...state.value, kernel };
    let answer;
    try {
      answer = await ask('bench/teach', {
        settings: settingsOf({ ...learned, bias: 0, relu: false }, found.image),
        wanted: encodeArray(draws ? drawnOutput(height, width) : asArray(Array.from({ length: channels }, () => goal))),
        is_output: draws, top: found.image.top, rate, steps,
      });
    } catch (error) {
      if (error instanceof Refusal) say({ largest: null, away: false, difference: 0, refused: error });
      return;
    }
    const all = decodeArray(answer.kernels);
    const size = all.data.length / all.shape[0];
    const at = (/** @type {number} */ step) => asMatrices({ shape: all.shape.slice(1), data: all.data.slice(step * size, (step + 1) * size) });
    const course = Array.from(decodeArray(answer.losses).data);
    const earlier = losses.length && !knows ? losses.slice(0, -1) : [];
    const last = course.length - 1;
    const show = (/** @type {number} */ step) => {
      change({ kernel: at(step), bias: 0, relu: false });
      setLosses([...earlier, ...course.slice(0, step + 1)]);
    };
    say({ largest: answer.largest_rate, away: answer.ran_away, difference: answer.gradient_difference,
      ...(draws ? { least: answer.least, best: asMatrices(decodeArray(answer.best))[0] } : {}) });
    if (steps === 1 || calm()) { show(last); return; }
    let moment = 0;
    setRunning(true);
    timer.current = setInterval(() => {
      moment += 1;
      show(Math.round((last * moment) / SHOWN));
      if (moment === SHOWN) stop();
    }, 70);
  };
  const fits = now.length === goal.length && now[0].length === goal[0].length;
  return html`<section class="card teach" aria-labelledby="teach-title">
    <h2 id="teach-title">${t('bench.teach')}</h2>
    <p class="small faint">${t('bench.teach.why')}</p>
    <div class="row"><label class="row"><span>${t('bench.teach.wanted')}</span>
      <select value=${wanted} onChange=${(event) => change({ wanted: event.target.value })}>
        ${(choices.value?.kernels ?? []).map((each) => html`<option key=${each.name} value=${each.name}>${t(`bench.kernel.${each.name}`)}</option>`)}
        <option value=${DRAWN}>${t('bench.teach.drawn')}</option></select></label>
      <${Rate} rate=${rate} largest=${said?.largest ?? null} /></div>
    <div class="row"><button type="button" onClick=${start}>${t('bench.teach.random')}</button>
      <button type="button" onClick=${() => go(1)}>${t('bench.teach.step')}</button>
      <button type="button" class="main" onClick=${() => (running ? stop() : go(STEPS))}>${running ? t('bench.teach.stop') : t('bench.teach.run', { steps: STEPS })}</button></div>
    ${draws && html`<${WantedOutput} height=${height} width=${width} />`}
    ${fits && (!draws || said?.best) && html`<div class="products"><${Cells} name=${t('bench.teach.now')} rows=${now} />
      <span class="sign" aria-hidden="true">→</span><${Cells} name=${draws ? t('bench.teach.best') : t('bench.teach.goal')} rows=${said?.best ?? goal} /></div>`}
    ${said?.refused && html`<p class="note" role="alert" lang=${said.refused.sentence().lang}>${said.refused.sentence().text}</p>`}
    ${losses.length > 1 && html`<${Course} losses=${losses} />`}
    <div role="status">${said && !said.refused && !running && html`<${Verdict} said=${said} losses=${losses} rate=${rate} />`}</div>
  </section>`;
}

/** Slices in the size of the wanted kernel. @param {number[][][]} kernel @param {number[][]} goal */
function fitted(kernel, goal) {
  return kernel.map((slice) => goal.map((row, r) => row.map((_, c) => slice[r]?.[c] ?? 0)));
}

/** @param {{rate: number, largest: number | null}} props */
function Rate({ rate, largest }) {
  return html`<div class="row"><span>${t('bench.teach.rate')}</span>
    <${Entry} value=${rate} name=${t('bench.teach.rate')} onValue=${(/** @type {number} */ next) => change({ rate: next })} /></div>
    ${largest !== null && html`<button type="button" onClick=${() => change({ rate: Number((largest / 2).toPrecision(2)) })}>
      ${t('bench.teach.good', { rate: shown(Number((largest / 2).toPrecision(2))) })}</button>`}`;
}

/** @param {{said: any, losses: number[], rate: number}} props */
function Verdict({ said, losses, rate }) {
  const values = { first: shown(losses[0] ?? 0), last: shown(losses.at(-1) ?? 0), steps: Math.max(0, losses.length - 1), rate: shown(rate), largest: said.largest === null ? '∞' : shown(said.largest) };
  const key = said.away || values.steps > 0 && losses[losses.length - 1] > losses[0] ? 'bench.teach.away' : 'bench.teach.fell';
  return html`<p>${key === 'bench.teach.away' ? t('bench.teach.away', values) : t('bench.teach.fell', values)}</p>
    ${said.least !== undefined && html`<p>${t('bench.teach.least', { least: shown(said.least) })}</p>`}
    <p class="small faint">${t('bench.teach.limit', values)}</p>
    <p class="small faint">${t('bench.teach.checked', { difference: said.difference === 0 ? '0' : said.difference.toExponential(0) })}</p>`;
}

/** The loss over the steps, on a logarithmic scale. @param {{losses: number[]}} props */
function Course({ losses }) {
  const logs = losses.map((loss) => Math.log10(Math.max(loss, 1e-16)));
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs, Math.min(...logs) + 0.1))];
  const x = (/** @type {number} */ i) => 44 + (i / Math.max(1, losses.length - 1)) * 340;
  const y = (/** @type {number} */ log) => 10 + ((high - log) / (high - low || 1)) * 100;
  const points = logs.map((log, i) => `${x(i).toFixed(1)},${y(log).toFixed(1)}`).join(' ');
  return html`<svg class="course" viewBox="0 0 400 134" role="img" aria-label=${t('bench.teach.course')}>
    <path class="axis" d="M44 10V110H384" /><polyline class="curve" points=${points} />
    <circle class="dot" cx=${x(losses.length - 1)} cy=${y(logs.at(-1) ?? 0)} r="3.5" />
    <text x="38" y="16" text-anchor="end">${power(high)}</text><text x="38" y="112" text-anchor="end">${power(low)}</text>
    <text x="44" y="128">0</text><text x="384" y="128" text-anchor="end">${losses.length - 1}</text>
    <text x="214" y="128" text-anchor="middle">${t('bench.teach.steps')}</text></svg>`;
}

/** @param {number} exponent */
function power(exponent) {
  return exponent >= -2 && exponent <= 4 ? String(Number((10 ** exponent).toPrecision(1))) : `1e${exponent}`.replace('-', '−');
}
