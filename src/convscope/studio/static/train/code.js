/** What is set, as a command and as Python. */
import { LABEL_OPTIONS, labelArgument, labelPython } from '../labels.js';
import { progress } from './follow.js';
import { settings, state } from './state.js';

/** @param {string} text An argument as a shell takes it. */
const argument = (text) => (/^[\w./~:-]+$/.test(text) && !text.startsWith('-') ? text : `'${text.replaceAll("'", "'\\''")}'`);
/** @type {Record<string, string>} */
const OPTIONS = { epochs: '--epochs', minutes: '--minutes', batch_size: '--batch-size', learning_rate: '--lr', size: '--size', precision: '--precision', seed: '--seed', source: '--from' };
/** A source as command and Python take it. @param {string} source */
const sourceText = (source) => (source === 'published' ? source : `runs/${source}`);

/** The fields that are set besides network, data and recipe. */
function changes() {
  const { network, data, recipe, ...rest } = settings(state.value);
  return Object.entries(rest).map(([name, value]) => [name, name === 'source' ? sourceText(String(value)) : value]);
}

export function commandText() {
  const { run, network, data, recipe } = state.value;
  if (run) return `convscope ${progress.value?.state === 'ended' ? 'evaluate' : 'resume'} ${argument(`runs/${run}`)}`;
  return ['convscope train', argument(network), argument(data.trim()), ...(recipe ? [`--recipe ${recipe}`] : []),
    ...changes().map(([name, value]) => (name in LABEL_OPTIONS ? labelArgument(String(name), String(value)) : `${OPTIONS[name]} ${argument(String(value))}`))].join(' ');
}

export function pythonText() {
  const { run, network, data, recipe, minutes, epochs } = state.value;
  if (run) return `import convscope as cs\n\nrun = cs.Run(${JSON.stringify(`runs/${run}`)})\nprint(run)\nrun.figure("curves.png")`;
  const fields = changes().map(([name, value]) => (name in LABEL_OPTIONS ? labelPython(String(name), String(value)) : `${name === 'source' ? 'from_' : name}=${JSON.stringify(value)}`));
  if (minutes && !epochs) fields.push('epochs=None'); // the time alone decides
  const given = [JSON.stringify(network), JSON.stringify(data.trim()), ...(recipe ? [JSON.stringify(recipe)] : []), ...fields].join(', ');
  return `import convscope as cs\n\nprint(cs.plan(${given}))\nrun = cs.train(${given})\nprint(run)`;
}
