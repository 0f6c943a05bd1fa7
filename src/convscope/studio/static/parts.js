/** What every module needs of Preact: components as tagged templates, hooks and signals. */
import { h, render, Fragment } from './vendor/preact.js';
import htm from './vendor/htm.js';

export { h, render, Fragment };
export { useEffect, useLayoutEffect, useMemo, useRef, useState, useId } from './vendor/hooks.js';
export { signal, computed, effect, batch, untracked } from './vendor/signals.js';

/** Write a component: html`<p>${text}</p>`. Text is always set as text, never as HTML. */
export const html = htm.bind(h);
