/** A part of Studio inside a lesson: the bench with its window, set as the place in the text wants it; others as a link. */
import { html, signal, useEffect, useId, useState } from '../parts.js';
import { go } from '../route.js';
import { t } from '../words.js';

/** The part that is open: the bench has one state, so there is one at a time. */
const open = signal('');

/** @param {{address: string}} props As in "bench?image=letter". */
export function LivePart({ address }) {
  const id = useId();
  const view = address.slice(0, address.indexOf('?'));
  const shown = open.value === id;
  useEffect(() => () => { if (open.peek() === id) open.value = ''; }, []);
  return html`<aside class="live" aria-label=${t('lessons.live')}><div class="row spread"><strong>${t(`lessons.live.${view}`)}</strong>
    <span class="row">${view === 'bench' && html`<button type="button" aria-expanded=${shown} onClick=${() => { open.value = shown ? '' : id; }}>
        ${shown ? t('lessons.live.close') : t('lessons.live.here')}</button>`}
      <a href=${`/${address}`} onClick=${(/** @type {MouseEvent} */ event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        go(view, Object.fromEntries(new URLSearchParams(address.slice(view.length))));
      }}>${t('lessons.live.open')}</a></span></div>
    ${shown && html`<${Bench} query=${address.slice(view.length + 1)} />`}</aside>`;
}

/** The bench's planes and its arithmetic. @param {{query: string}} props */
function Bench({ query }) {
  const [parts, setParts] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let end = () => {};
    let left = false;
    Promise.all([import('../bench/state.js'), import('../bench/numbers.js'), import('../bench/planes.js'),
      import('../bench/arithmetic.js'), import('../bench/formula.js')]).then(([state, numbers, planes, arithmetic, formula]) => {
      if (left) return;
      state.change(state.readState(new URLSearchParams(query)));
      end = numbers.startNumbers();
      setParts({ ...numbers, ...planes, ...arithmetic, ...formula });
    });
    return () => { left = true; end(); };
  }, [query]);
  const found = parts?.answer.value;
  if (!found) return html`<p class="faint">${t('shell.loading')}</p>`;
  return html`<div class="pair"><${parts.InputPlane} found=${found} /><${parts.OutputPlane} found=${found} /></div>
    <${parts.Arithmetic} found=${found} /><${parts.SizeFormula} found=${found} />`;
}
