/** The library's own drawing, made when it is asked for; blocks fold to one step each. */
import { html, useEffect, useState } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { change, state } from './state.js';

export function Drawing() {
  const [open, setOpen] = useState(Boolean(state.value.folded || state.value.expand));
  return html`<details class="card" open=${open} onToggle=${(event) => setOpen(event.target.open)}>
    <summary>${t('network.drawing')}</summary>
    ${open && html`<${Drawn} />`}</details>`;
}

function Drawn() {
  const { network, size, folded, expand } = state.value;
  const [blocks, setBlocks] = useState(/** @type {any[] | null} */ (null));
  const [refusal, refuse] = useState(/** @type {Refusal | null} */ (null));
  useEffect(() => {
    const stop = new AbortController();
    refuse(null);
    ask(`network/blocks?network=${encodeURIComponent(network)}&size=${size}`, undefined, stop.signal).then(
      (found) => setBlocks(found.blocks),
      (error) => { if (!stop.signal.aborted) { if (error instanceof Refusal) refuse(error); else throw error; } },
    );
    return () => stop.abort();
  }, [network, size]);
  if (refusal) return html`<${Refused} refusal=${refusal} />`;
  const names = folded.split('|').filter((name) => !blocks || blocks.some((each) => each.name === name));
  const inside = (/** @type {string} */ name) => names.some((each) => name.startsWith(`${each}.`));
  const turn = (/** @type {string} */ name) => change({
    folded: (names.includes(name) ? names.filter((each) => each !== name) : [...names, name]).join('|') });
  const address = `/api/network/drawing?network=${encodeURIComponent(network)}&size=${size}&folded=${encodeURIComponent(folded)}&expand=${expand}`;
  return html`${blocks && blocks.length > 0 && html`<p class="small faint" id="fold-why">${t('network.fold')}</p>
    <ul class="folds" aria-labelledby="fold-why">${blocks.filter((each) => !inside(each.name)).map((each) => html`<li key=${each.name}>
      <button type="button" class="link" aria-expanded=${!names.includes(each.name)} onClick=${() => turn(each.name)}>
        <span aria-hidden="true">${names.includes(each.name) ? '▸' : '▾'} </span><bdi translate=${false}>${each.name}</bdi></button></li>`)}</ul>
    <label class="check"><input type="checkbox" checked=${expand === 1} onChange=${(event) => change({ expand: event.target.checked ? 1 : 0 })} />
      ${t('network.expand')}</label>`}
    ${blocks && blocks.length === 0 && html`<p class="small faint">${t('network.fold.none')}</p>`}
    <div class="scroll drawing" tabindex="0" role="group" aria-label=${t('network.drawing')}>
      <img src=${address} alt=${t('network.drawing.alt')} /></div>`;
}
