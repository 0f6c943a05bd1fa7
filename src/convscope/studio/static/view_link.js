/** A link into another view with a state: an address to open in a new tab, and no new page otherwise. */
import { html } from './parts.js';
import { addressOf, go } from './route.js';

/** @param {{view: string, state: Record<string, string>, children?: any, class?: string, name?: string}} props */
export function ViewLink({ view, state, children, class: kind, name }) {
  const follow = (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(view, state);
    scrollTo(0, 0);
  };
  return html`<a class=${kind} href=${addressOf(view, state)} aria-label=${name} onClick=${follow}>${children}</a>`;
}
