/** What is set, as a command and as Python. */
import { LABEL_OPTIONS, labelArgument, labelPython } from '../labels.js';
import { pythonQuoted, shellQuoted } from '../shell_text.js';
import { settings, state } from './state.js';

/** @type {Record<string, string>} */
const OPTIONS = { recipe: '--recipe', batch_size: '--batch-size', size: '--size', epochs: '--epochs', precision: '--precision' };

export function commandText() {
  const { network, data, recompute, ...rest } = settings(state.value);
  const options = Object.entries(rest).map(([name, value]) => (name in LABEL_OPTIONS ? labelArgument(name, String(value)) : `${OPTIONS[name]} ${value}`));
  return ['convscope plan', shellQuoted(network), shellQuoted(data), ...options, ...(recompute ? ['--recompute'] : [])].join(' ');
}

export function pythonText() {
  const { network, data, recompute, ...rest } = settings(state.value);
  const fields = Object.entries(rest).map(([name, value]) => name in LABEL_OPTIONS ? labelPython(name, String(value)) : `${name}=${typeof value === 'string' ? pythonQuoted(value) : value}`);
  const given = [pythonQuoted(network), pythonQuoted(data), ...fields, ...(recompute ? ['recompute="auto"'] : [])].join(', ');
  return ['import convscope as cs', '', `plan = cs.plan(${given})`, 'print(plan)', 'plan.figure("plan.png")'].join('\n');
}
