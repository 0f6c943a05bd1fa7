/** A field for any number, also a fraction such as 1/9; what is typed stays as it is until it is left. */
import { html, useState } from './parts.js';
import { read, shown } from './numbers.js';

/** @param {{value: number, name: string, onValue: (value: number) => void}} props */
export function Entry({ value, name, onValue }) {
  const [text, setText] = useState(/** @type {string | null} */ (null));
  const wrong = text !== null && read(text) === null;
  return html`<input type="text" class="entry" inputmode="decimal" aria-label=${name} aria-invalid=${wrong} autocomplete="off"
    value=${text ?? shown(value)} title=${String(value)}
    onFocus=${(event) => event.target.select()}
    onInput=${(event) => {
      setText(event.target.value);
      const next = read(event.target.value);
      if (next !== null) onValue(next);
    }} onBlur=${() => setText(null)} />`;
}
