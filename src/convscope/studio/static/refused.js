/** Why a part of a page has no answer. */
import { html } from './parts.js';

/** A refusal inside a panel. @param {{refusal: import('./api.js').Refusal}} props */
export function Refused({ refusal }) {
  const said = refusal.sentence();
  return html`<p class="note" role="status" lang=${said.lang}>${said.text}</p>`;
}
