/** Where the classes, groups and splits of a folder or table stand: fields that plan and training share. */
import { html } from './parts.js';
import { pythonQuoted, shellQuoted } from './shell_text.js';
import { t } from './words.js';

/** The options of the command for the fields. @type {Record<string, string>} */
export const LABEL_OPTIONS = { class_from: '--class-from', columns: '--columns', images: '--images', group_by: '--group-by', split_folders: '--split-folders' };

/** What is set of them, as an address and Python have it. @type {{class_from: string, columns: string, images: string, group_by: string, split_folders: string}} */
export const NO_LABELS = { class_from: '', columns: '', images: '', group_by: '', split_folders: '' };
/** Data sets that have a name, and with it their labels. */
export const NAMED = ['digits', 'fashion-mnist', 'mnist', 'cifar10'];
const NAMES = /** @type {(keyof typeof NO_LABELS)[]} */ (Object.keys(NO_LABELS));

/** Those that say something, of data that have a path. @param {typeof NO_LABELS & {data: string}} now @returns {Record<string, string>} */
export const labelsOf = (now) => (NAMED.includes(now.data.trim()) ? {} : Object.fromEntries(NAMES.map((name) => [name, now[name].trim()]).filter(([, text]) => text)));

/** One of them as an argument. @param {string} name @param {string} text */
export const labelArgument = (name, text) => `${LABEL_OPTIONS[name]} ${shellQuoted(text)}`;

/** One of them as Python takes it: what is a list of pairs, as a dict. @param {string} name @param {string} text */
export function labelPython(name, text) {
  if (!['columns', 'split_folders'].includes(name) || !text.includes('=')) return `${name}=${pythonQuoted(text)}`;
  const pairs = text.split(',').map((part) => { const [key, ...rest] = part.split('='); return `${pythonQuoted(key.trim())}: ${pythonQuoted(rest.join('=').trim())}`; });
  return `${name}={${pairs.join(', ')}}`;
}

/**
 * The fields, folded away until they are wanted.
 * @param {{values: typeof NO_LABELS, onChange: (part: Partial<typeof NO_LABELS>) => void}} props
 */
export function Labels({ values, onChange }) {
  const given = NAMES.some((name) => values[name]);
  return html`<details class="labels" open=${given}><summary>${t('labels.title')}</summary><div class="fields">
    ${NAMES.map((name) => html`<div class="field" key=${name}><label for=${`labels-${name}`}><span>${t(`labels.${name}`)}</span></label>
      <input id=${`labels-${name}`} type="text" value=${values[name]} autocomplete="off" spellcheck=${false} translate=${false} aria-describedby=${`labels-${name}-why`}
        onChange=${(/** @type {any} */ event) => onChange({ [name]: event.target.value })} />
      <small id=${`labels-${name}-why`}>${t(`labels.${name}.why`)}</small></div>`)}
  </div></details>`;
}
