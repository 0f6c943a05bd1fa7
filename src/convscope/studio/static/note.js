/** What the library says besides: in the reader's words where the page has them, else in English. */
import { html } from './parts.js';
import { t } from './words.js';

/** @typedef {{text: string, key: string, values: Record<string, string>}} SentNote As `studio/notes.py` sends it. */

/** @param {{note: SentNote}} props */
export function Note({ note }) {
  return note.key ? html`<span>${t(note.key, note.values)}</span>` : html`<span lang="en">${note.text}</span>`;
}
