/** Light or dark, and letters large enough for a class. */
import { signal } from './parts.js';
import { query, writeKept } from './route.js';

const REMEMBERED = 'convscope.theme';
const THEMES = ['auto', 'light', 'dark'];

/** "auto" follows the system. */
export const theme = signal('auto');
/** Whether the page is shown to a class. */
export const presenting = signal(false);
/** Counts changes of colours: canvases are drawn anew. */
export const painted = signal(0);

const system = matchMedia('(prefers-color-scheme: dark)');
system.addEventListener('change', () => { painted.value += 1; });

export function startAppearance() {
  const remembered = localStorage.getItem(REMEMBERED) ?? 'auto';
  show(THEMES.includes(remembered) ? remembered : 'auto');
  present(query().get('present') === '1');
}

export function nextTheme() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length];
  localStorage.setItem(REMEMBERED, next);
  show(next);
}

/** @param {string} chosen */
function show(chosen) {
  theme.value = chosen;
  if (chosen === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
  painted.value += 1;
}

/** @param {boolean} wanted */
export function present(wanted) {
  presenting.value = wanted;
  document.documentElement.toggleAttribute('data-present', wanted);
  writeKept('present', wanted ? '1' : undefined);
  painted.value += 1;
}

/** Whether the reader asks for less motion. */
export function calm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

/** A colour of the palette, as canvases take it. @param {string} name */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
