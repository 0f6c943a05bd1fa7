/** A training that is watched: how far it is, its curves, and what can be done with it. */
import { html, useEffect, useState } from '../parts.js';
import { Curves } from '../curves.js';
import { language, t } from '../words.js';
import { choices, control, deedRefusal, forget, isGoing, sentences } from './data.js';
import { curves, followRefusal, progress, readings } from './follow.js';
import { Expected, Why } from './forecast.js';
import { change, state } from './state.js';
import { bytes, clock, duration } from './words.js';

export function Watch() {
  const found = progress.value;
  if (followRefusal.value) return html`<${Why} refusal=${followRefusal.value} /><p><button type="button" onClick=${() => change({ run: '' })}>${t('train.new')}</button></p>`;
  if (!found) return html`<p class="faint">${t('shell.loading')}</p>`;
  return html`<div class="pair"><${Status} found=${found} /><${Against} found=${found} /></div>
    <${Charts} />`;
}

/** Seconds since the training began, by the server's clock. @param {any} found */
function secondsOf(found) {
  return Math.max(0, Date.now() / 1000 - found.behind - found.since);
}

/**
 * The same, told anew with each news of the training, and where none come. A long one is told of more rarely, as
 * `stream.py` does: each drawing takes processor time that the training could use. @param {any} found
 */
function useElapsed(found) {
  const going = isGoing(found);
  const [, tick] = useState(0);
  useEffect(() => {
    if (!going) return undefined;
    const beat = Math.min(5, Math.max(1, secondsOf(found) / 60));
    const timer = setInterval(() => { if (!document.hidden) tick((count) => count + 1); }, 1000 * beat + 600);
    return () => clearInterval(timer);
  }, [going, found]);
  return secondsOf(found);
}

/** @param {{found: any}} props */
function Status({ found }) {
  const going = isGoing(found);
  const elapsed = useElapsed(found);
  const [leaving, setLeaving] = useState(false);
  useEffect(() => { if (leaving && !going) { setLeaving(false); void forget(); } }, [leaving, going]);
  const good = found.state === 'ended';
  const bad = ['failed', 'killed', 'deleted'].includes(found.state);
  const of = found.epochs ?? 0;
  return html`<section class="card status" aria-labelledby="status-title">
    <div class="row spread"><h2 id="status-title"><bdi translate=${false}>${found.run}</bdi></h2>
      <span class=${`badge ${good ? 'good' : bad ? 'bad' : ''}`} role="status" data-state=${found.state}>${t(`train.state.${found.state}`)}</span></div>
    ${of > 0 && html`<progress max=${of} value=${Math.min(of, found.epoch)} aria-label=${t('train.progress')}></progress>`}
    <p>${of ? t('train.epoch.of', { epoch: found.epoch, epochs: of }) : t('train.epoch', { epoch: found.epoch })}${t('curves.and')}${t('train.at.step', { step: found.step ?? 0 })}${going && html`${t('curves.and')}${t('train.since', { time: clock(elapsed) })}`}</p>
    ${found.accuracy && html`<p><strong>${t('train.accuracy', { split: t(`train.split.${found.accuracy.split}`), share: percent(found.accuracy.accuracy), low: percent(found.accuracy.interval[0]), high: percent(found.accuracy.interval[1]) })}</strong></p>`}
    ${found.accuracy?.guesses && html`<p class="note guesses">${t('train.guesses')}</p>`}
    ${found.state === 'paused' && html`<p class="note">${found.can_resume && found.checkpoint !== null ? t('train.paused', { step: found.checkpoint }) : t('train.paused.early')}</p>`}
    ${found.state === 'killed' && html`<p class="note">${found.checkpoint !== null ? t('train.killed', { step: found.checkpoint }) : found.can_resume ? t('train.killed.early') : t('train.killed.nothing')}</p>`}
    ${found.state === 'deleted' && html`<p class="note">${t('train.deleted')}</p>`}
    ${found.state === 'failed' && html`<p class="note">${t('train.failed')} <span lang="en">${found.message}</span></p>`}
    ${found.damaged > 0 && html`<p class="note">${t('train.damaged', { count: found.damaged })}</p>`}
    ${deedRefusal.value && html`<${Why} refusal=${deedRefusal.value} />`}
    <div class="row">
      ${going && html`<button type="button" onClick=${() => control('stop')}>${t('train.pause')}</button>
        <button type="button" onClick=${() => { setLeaving(true); void control('stop'); }}>${leaving ? t('train.stopping') : t('train.stop')}</button>`}
      ${['paused', 'killed', 'failed'].includes(found.state) && found.can_resume && html`<button type="button" class="main" onClick=${() => control('resume')}>${t('train.resume')}</button>`}
      ${!going && html`<button type="button" onClick=${forget}>${t('train.forget')}</button>`}
      <button type="button" onClick=${() => change({ run: '' })}>${t('train.new')}</button>
      ${found.can_look && html`<a class="button" href=${`/network?network=stored:${encodeURIComponent(found.run)}`}>${t('train.inside')}</a>`}
    </div>
    <p class="small faint">${going ? t('train.stop.why') : t('train.forget.why')}</p>
    <details><summary>${t('train.printed')}</summary><pre tabindex="0" lang="en" translate=${false} aria-label=${t('train.printed')}>${found.printed}</pre></details>
  </section>`;
}

/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** What was forecast, and what came so far. @param {{found: any}} props */
function Against({ found }) {
  const elapsed = useElapsed(found);
  const row = (/** @type {(row: any) => boolean} */ test) => found.forecast.find(test);
  const time = row((each) => each.unit === 's' && each.what !== 'step time');
  const memory = row((each) => each.unit === 'bytes');
  const going = isGoing(found);
  const left = found.epochs && found.epoch ? (found.epochs - found.epoch) * (found.seconds / found.epoch) : null;
  const [pace, setPace] = useState(/** @type {number | null} */ (null));
  useEffect(() => { setPace(left === null || !going ? null : elapsed + left); }, [found.epoch, going]);
  return html`<section class="card against" aria-labelledby="against-title"><h2 id="against-title">${t('train.against')}</h2>
    ${!time ? html`<p class="faint">${going ? t('train.against.none') : t('train.against.never')}</p>` : html`
      <${Expected} name=${t('train.time')} value=${time.forecast} low=${time.low} high=${time.high} write=${duration} kind="time"
        actual=${time.actual ?? (going ? elapsed : undefined)} actualName=${time.actual === null ? t('train.so.far') : t('train.came')} />
      ${pace !== null && going && html`<p class="small">${t('train.pace', { time: duration(pace) })}</p>`}
      ${memory && html`<${Expected} name=${t('train.memory')} value=${memory.forecast} low=${memory.low} high=${memory.high} write=${bytes} kind="memory"
        actual=${memory.actual ?? undefined} actualName=${t('train.came')} />`}
      <p class="small faint">${time.what === 'run time' ? t('train.against.why') : t('train.against.resumed')}</p>`}
  </section>`;
}

const LOSSES = ['loss', 'train_loss', 'validation_loss', 'test_loss'];
const ACCURACIES = ['train_accuracy', 'validation_accuracy', 'test_accuracy'];
/** The same part of the data has the same look in both charts. @type {Record<string, number>} */
const LOOKS = { loss: 2, train_loss: 1, validation_loss: 0, test_loss: 0, train_accuracy: 1, validation_accuracy: 0, test_accuracy: 0 };

function Charts() {
  void readings.value;
  const series = (/** @type {string[]} */ names) => names.filter((name) => curves.has(name)).map((name) => ({
    key: name, name: choices.value?.quantities[name][language.value === 'zh' ? 'zh' : 'en'] ?? name, look: LOOKS[name],
    ...(/** @type {{steps: number[], values: (number | null)[]}} */ (curves.get(name))), sentence: sentences.value[name],
  }));
  return html`<div class="pair">
    <section class="card" aria-label=${t('train.loss')}><${Curves} title=${t('train.loss')} series=${series(LOSSES)} /></section>
    <section class="card" aria-label=${t('train.accuracies')}><${Curves} title=${t('train.accuracies')} series=${series(ACCURACIES)} share /></section>
  </div>`;
}
