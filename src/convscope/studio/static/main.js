/** Where the page begins. */
import { html, render } from './parts.js';
import { startAppearance } from './appearance.js';
import { view } from './route.js';
import { loadView, Shell } from './shell.js';
import { loadWords, wantedLanguage } from './words.js';

startAppearance();
await Promise.all([loadWords(wantedLanguage()), loadView(view.value)]);
render(html`<${Shell} />`, document.body);
document.documentElement.dataset.ready = 'yes';
