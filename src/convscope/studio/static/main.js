/** Where the page begins. */
import { html, render } from './parts.js';
import { startAppearance } from './appearance.js';
import { Shell } from './shell.js';
import { loadWords, wantedLanguage } from './words.js';

startAppearance();
await loadWords(wantedLanguage());
render(html`<${Shell} />`, document.body);
document.documentElement.dataset.ready = 'yes';
