/** The page's texts in the reader's language. `?lang=pseudo` marks them, to find what isn't one. */
import { signal } from './parts.js';

export const LANGUAGES = { en: 'English', zh: '中文' };
const REMEMBERED = 'convscope.language';

/** The current language, and its words by their keys. */
export const language = signal('en');
const words = signal(/** @type {Record<string, string>} */ ({}));

/** The language that the address asks for, else the one chosen last, else the browser's. */
export function wantedLanguage() {
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked && (asked in LANGUAGES || asked === 'pseudo')) return asked;
  const remembered = localStorage.getItem(REMEMBERED);
  if (remembered && remembered in LANGUAGES) return remembered;
  return navigator.languages.some((each) => each.startsWith('zh')) ? 'zh' : 'en';
}

/** @param {string} wanted "en", "zh" or "pseudo" */
export async function loadWords(wanted) {
  const file = wanted === 'zh' ? 'zh' : 'en';
  const found = await (await fetch(`/static/words/${file}.json`)).json();
  if (wanted === 'pseudo') {
    for (const key of Object.keys(found)) {
      found[key] = `⟦${found[key]}${'·'.repeat(Math.ceil(found[key].length * 0.4))}⟧`;
    }
  }
  words.value = found;
  language.value = wanted;
  document.documentElement.lang = wanted === 'zh' ? 'zh-CN' : 'en';
}

/** @param {string} chosen */
export async function chooseLanguage(chosen) {
  localStorage.setItem(REMEMBERED, chosen);
  await loadWords(chosen);
}

/**
 * A text, with its placeholders filled in: t('bench.at', {row: 3}).
 * @param {string} key @param {Record<string, unknown>} [values] @returns {string}
 */
export function t(key, values = {}) {
  const text = words.value[key];
  if (text === undefined) throw new Error(`no words for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a text of this key. @param {string} key */
export function hasWords(key) {
  return key in words.value;
}
