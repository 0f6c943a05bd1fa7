/** What is around every view: the head of the page with its navigation, and the place of the view. */
import { html, useEffect, useState } from './parts.js';
import { nextTheme, painted, present, presenting, theme } from './appearance.js';
import { trouble } from './api.js';
import { go, view, writeKept } from './route.js';
import { VIEWS } from './views.js';
import { chooseLanguage, language, t } from './words.js';

/** @type {Map<string, any>} */
const loaded = new Map();

/** Load a view's modules. @param {string} name */
export async function loadView(name) {
  const found = await VIEWS.find((each) => each.name === name)?.load();
  if (found) loaded.set(name, found.View);
}

export function Shell() {
  return html`
    <a class="skip" href="#main">${t('shell.skip')}</a>
    <header class="head">
      <a class="brand" href="/bench" onClick=${(event) => follow(event, 'bench')}>
        <img src="/static/icon.svg" alt="" width="26" height="26" />
        <span translate=${false}>Convscope</span>
      </a>
      <nav aria-label=${t('shell.views')}>
        <ul>
          ${VIEWS.map(({ name }) => html`<li key=${name}>
            <a href=${`/${name}`} aria-current=${name === view.value ? 'page' : undefined}
              onClick=${(event) => follow(event, name)}>${t(`view.${name}`)}</a>
          </li>`)}
        </ul>
      </nav>
      <div class="tools">
        <${Present} /><${Theme} /><${Language} />
      </div>
    </header>
    <main id="main" tabindex="-1"><${Trouble} /><${Current} /></main>
    <footer class="foot"><p>${t('shell.local')} <a href="/docs">${t('shell.interface')}</a></p></footer>
  `;
}

/** @param {MouseEvent} event @param {string} name */
function follow(event, name) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  go(name);
}

function Current() {
  const name = view.value;
  const [, ready] = useState(0);
  useEffect(() => {
    if (loaded.has(name)) return;
    loadView(name).then(() => ready((count) => count + 1));
  }, [name]);
  useEffect(() => { document.title = `${t(`view.${name}`)} · Convscope`; }, [name, language.value]);
  const View = loaded.get(name);
  return View ? html`<${View} key=${name} />` : html`<p class="faint">${t('shell.loading')}</p>`;
}

function Trouble() {
  if (!trouble.value) return null;
  const key = { token: 'refused.token', gone: 'refused.gone' }[trouble.value] ?? 'refused.gone';
  return html`<p class="note" role="alert">${t(key)}${' '}
    <button type="button" onClick=${() => location.reload()}>${t('shell.again')}</button></p>`;
}

function Language() {
  const other = language.value === 'zh' ? 'en' : 'zh';
  const change = async () => {
    await chooseLanguage(other);
    writeKept('lang', other);
    painted.value += 1;
  };
  return html`<button type="button" class="tool" lang=${other === 'zh' ? 'zh-CN' : 'en'} translate=${false}
    onClick=${change}>${other === 'zh' ? '中文' : 'English'}</button>`;
}

function Theme() {
  const icons = { auto: '◐', light: '☀', dark: '☾' };
  const names = { auto: t('shell.theme.auto'), light: t('shell.theme.light'), dark: t('shell.theme.dark') };
  const name = t('shell.theme', { theme: names[theme.value] });
  return html`<button type="button" class="tool" aria-label=${name} title=${name}
    onClick=${nextTheme}><span aria-hidden="true">${icons[theme.value]}</span></button>`;
}

function Present() {
  return html`<button type="button" class="tool present" aria-pressed=${presenting.value}
    title=${t('shell.present.why')} onClick=${() => present(!presenting.value)}>${t('shell.present')}</button>`;
}
