/** An exercise: answered here by a number or an option, one hint at a time; what needs Python says how. */
import { html, useEffect, useId, useState } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { read } from '../numbers.js';
import { language, t } from '../words.js';

/** @param {{id: string}} props */
export function Exercise({ id }) {
  const [about, setAbout] = useState(/** @type {any} */ (null));
  const [said, say] = useState(/** @type {{text: string, passed: boolean | null, lang?: string} | null} */ (null));
  const [hints, setHints] = useState(/** @type {string[]} */ ([]));
  const field = useId();
  const spoken = () => (language.value === 'zh' ? 'zh' : 'en');
  useEffect(() => {
    const stop = new AbortController();
    ask('lessons/exercise', { exercise: id }, stop.signal).then(setAbout, (error) => failed(error, stop.signal));
    return () => stop.abort();
  }, [id]);
  /** @param {any} error @param {AbortSignal} [stop] */
  const failed = (error, stop) => {
    if (stop?.aborted) return;
    if (!(error instanceof Refusal)) throw error;
    say({ ...error.sentence(), passed: false });
  };
  const answer = (/** @type {number[] | string} */ given) => ask('lessons/answer', { exercise: id, answer: given, language: spoken() }).then(say, failed);
  const hint = () => ask('lessons/hint', { exercise: id, shown: hints.length, language: spoken() })
    .then((found) => setHints([...hints, found.text]), failed);
  if (!about) return html`<section class="exercise" aria-label=${t('lessons.exercise', { exercise: id })}>${said && html`<p class="note" lang=${said.lang}>${said.text}</p>`}</section>`;
  return html`<section class="exercise" aria-label=${t('lessons.exercise', { exercise: id })}>
    <h3>${t('lessons.exercise', { exercise: id })}</h3>
    ${about.kind === 'prediction' && html`<div class="row" role="group" aria-label=${t('lessons.choose')}><span>${t('lessons.choose')}</span>
      ${about.options.map((/** @type {string} */ each) => html`<button type="button" key=${each} onClick=${() => answer(each)}>${each}</button>`)}</div>`}
    ${about.kind === 'number' && html`<${NumberForm} field=${field} onNumbers=${answer} />`}
    ${!about.in_page && html`<p>${t('lessons.python')}</p>
      <pre tabindex="0" translate=${false}><code>convscope lesson open ${about.lesson}${'\n'}convscope lesson check ${about.lesson}</code></pre>`}
    <div role="status">${said && html`<p class=${`check ${said.passed ? 'right' : said.passed === false ? 'wrong' : 'open'}`} lang=${said.lang}>
      ${said.text.split('\n').map((line, i) => html`<span key=${i} class="line">${line}</span>`)}</p>`}</div>
    ${hints.length > 0 && html`<ul class="hints">${hints.map((text, i) => html`<li key=${i}>${text}</li>`)}</ul>`}
    ${hints.length < about.hints && html`<p><button type="button" onClick=${hint}>${t('lessons.hint', { next: hints.length + 1, count: about.hints })}</button></p>`}
  </section>`;
}

/** @param {{field: string, onNumbers: (numbers: number[]) => void}} props */
function NumberForm({ field, onNumbers }) {
  const [text, setText] = useState('');
  const [wrong, setWrong] = useState(false);
  const send = () => {
    const numbers = text.split(/[\s,;，；]+/).filter(Boolean).map(read);
    const good = numbers.length > 0 && numbers.every((each) => each !== null);
    setWrong(!good);
    if (good) onNumbers(/** @type {number[]} */ (numbers));
  };
  return html`<div class="row"><label for=${field}>${t('lessons.numbers')}</label>
    <input type="text" id=${field} value=${text} aria-invalid=${wrong} aria-describedby=${`${field}-why`} autocomplete="off"
      onInput=${(/** @type {any} */ event) => setText(event.target.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => { if (event.key === 'Enter') send(); }} />
    <button type="button" class="main" onClick=${send}>${t('lessons.check')}</button></div>
    <p class="small faint" id=${`${field}-why`}>${wrong ? t('lessons.numbers.wrong') : t('lessons.numbers.why')}</p>`;
}
