/** What is looked at, as a command and as Python. */
import { pythonQuoted, shellQuoted } from '../shell_text.js';
import { state } from './state.js';

/** @param {any} found A run. */
export function commandText(found) {
  const path = shellQuoted(found.path);
  const { state: now } = found.summary;
  if (now === 'finished') return `convscope evaluate ${path}`;
  return now === 'failed' ? `convscope doctor ${path}` : `convscope resume ${path}`;
}

/** @param {any} found A run. */
export function pythonText(found) {
  const { label, predicted } = state.value;
  const lines = ['import convscope as cs', '', `run = cs.Run(${pythonQuoted(found.path)})`, 'print(run)', 'run.figure("curves.png")'];
  if (!found.result) return lines.join('\n');
  lines.push('', 'evaluation = cs.evaluate(run, quiet=True)', 'print(evaluation.calibration)');
  if (label && predicted && label !== predicted) {
    lines.push('for mistake in evaluation.mistakes:', `    if (mistake.label, mistake.predicted) == (${pythonQuoted(label)}, ${pythonQuoted(predicted)}):`, '        print(mistake)');
  } else lines.push('evaluation.figure("confusion.png")');
  return lines.join('\n');
}
