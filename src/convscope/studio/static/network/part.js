/** A part of the page that was asked for: its answer, or why there is none. */
import { html } from '../parts.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';

/** @param {{part: any, shown: (found: any) => any}} props */
export function Part({ part, shown }) {
  if (part.refusal.value) return html`<${Refused} refusal=${part.refusal.value} />`;
  if (!part.found.value) return html`<p class="faint">${t('shell.loading')}</p>`;
  return html`<div class="panel" aria-busy=${part.busy.value}>${shown(part.found.value)}</div>`;
}
