/** "As a command", "as Python" and "this address", each to copy. */
import { html, useState } from './parts.js';
import { t } from './words.js';

/**
 * @param {{command?: string, commandName?: string, python: string}} props The texts; an address is always there.
 */
export function Copies({ command, commandName, python }) {
  return html`<section class="card copies" aria-labelledby="copies-title">
    <h2 id="copies-title">${t('copies.title')}</h2>
    <p class="faint">${t('copies.why')}</p>
    ${command && html`<${Copy} name=${commandName ?? t('copies.command')} text=${command} />`}
    <${Copy} name=${t('copies.python')} text=${python} />
    <${CopyAddress} />
  </section>`;
}

/** @param {{name: string, text: string}} props */
function Copy({ name, text }) {
  const [copied, copy] = useCopy();
  return html`<div class="copy">
    <div class="row"><h3>${name}</h3>
      <button type="button" onClick=${() => copy(text)}>${copied ? t('copies.copied') : t('copies.copy')}
        <span class="unseen"> ${name}</span></button></div>
    <pre tabindex="0" translate=${false} aria-label=${name}><code>${text}</code></pre>
  </div>`;
}

function CopyAddress() {
  const [copied, copy] = useCopy();
  return html`<button type="button" onClick=${() => copy(location.href)}>
    ${copied ? t('copies.copied') : t('copies.address')}</button>`;
}

/** @returns {[boolean, (text: string) => void]} Whether something was just copied, and how to copy. */
function useCopy() {
  const [copied, setCopied] = useState(false);
  const copy = async (/** @type {string} */ text) => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return [copied, copy];
}
