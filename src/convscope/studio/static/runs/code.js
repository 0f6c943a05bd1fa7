/** What is looked at, as a command and as Python. */
import { pythonQuoted, shellQuoted } from '../shell_text.js';
import { state } from './state.js';

/** @param {any} found A run. */
export function commandText(found) {
  const path = shellQuoted(found.path);
  const { state: now } = found.summary;
  const name = now === 'finished' ? 'evaluate' : now === 'failed' ? 'doctor' : 'resume';
  return `convscope ${name} ${path}${isOwnModule(found) ? ' --network FILE.py:NAME' : ''}`;
}

/** Whether its network isn't in the catalog, so that the code of it must be named. @param {any} found */
const isOwnModule = (found) => found.summary.network === '' && found.summary.state !== 'damaged';

/** @param {any} found A run. */
export function pythonText(found) {
  const { label, predicted } = state.value;
  const lines = ['import convscope as cs', '', `run = cs.Run(${pythonQuoted(found.path)})`, 'print(run)', 'run.figure("curves.png")'];
  if (!found.result) return lines.join('\n');
  const module = isOwnModule(found) ? 'module=my_module, ' : '';
  if (module) lines.push('', 'from my_net import Net  # your file and class', 'my_module = Net()');
  lines.push('', `evaluation = cs.evaluate(run, ${module}quiet=True)`, 'print(evaluation.calibration)');
  if (label && predicted && label !== predicted) {
    lines.push('for mistake in evaluation.mistakes:', `    if (mistake.label, mistake.predicted) == (${pythonQuoted(label)}, ${pythonQuoted(predicted)}):`, '        print(mistake)');
  } else lines.push('evaluation.figure("confusion.png")');
  return lines.join('\n');
}
