/** What is looked at, as Python. */
import { network, unitName } from './data.js';
import { state } from './state.js';

/** @param {string} text A Python string. */
const quoted = (text) => JSON.stringify(text);

export function pythonText() {
  const { network: name, image, size, way, label, field, panel, method } = state.value;
  const stored = name.startsWith('stored:');
  const plain = name.slice(name.indexOf(':') + 1);
  const rest = unitName.value;
  const layer = rest.slice(0, rest.lastIndexOf(':'));
  const sized = size ? `, size=${size}` : '';
  const lines = ['import convscope as cs'];
  const [channels, height] = network.found.value.image.shape;
  lines.push('', `network = ${quoted(stored ? `runs/${plain}` : plain)}`);
  const evaluated = image.match(/^evaluated:(\d+):(.*)$/s);
  if (/^digit-\d$/.test(image)) {
    lines.unshift('import numpy as np', 'from sklearn.datasets import load_digits', '');
    lines.push('digits = load_digits()', `first = list(digits.target).index(${image.slice(6)})`,
      'image = np.rint(digits.images[first] * 255 / 16).astype(np.uint8)[None]');
  } else if (['china', 'flower'].includes(image)) {
    lines.unshift('from convscope.experiments import photograph', '');
    lines.push(`image = photograph("${image}", 96)`);
  } else if (evaluated) {
    lines.push(`image = cs.evaluate(${quoted(`runs/${evaluated[2]}`)}, quiet=True).images.images[${evaluated[1]}]`);
  } else lines.push('image = "image.png"  # your file');
  if (size) lines.push('# The unit is that of an image of the usual size.');
  lines.push('', `print(cs.feature_maps(network, image, ${quoted(layer)}${sized}))`);
  const backwards = way === 'backward' ? `, backward=True${label >= 0 ? `, label=${label}` : ''}` : '';
  lines.push(`print(cs.unit(network, image, ${quoted(rest)}${backwards}))`);
  if (field === 'effective') lines.push(`print(cs.receptive_field(network, ${quoted(rest)}, image=image${sized}))`);
  if (panel === 'attribution') lines.push(`print(cs.explain(network, image, method=${quoted(method)}${label >= 0 ? `, label=${label}` : ''}${sized}))`);
  lines.push(`print(cs.trace(network, (${channels}, ${height}, ${height})))`);
  return lines.join('\n');
}

/** The command, for runs alone: a network of the catalog has no weights to explain. */
export function commandText() {
  const { network: name } = state.value;
  if (!name.startsWith('stored:')) return '';
  const path = `runs/${name.slice('stored:'.length)}`;
  const safe = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `convscope explain ${safe} image.png`;
}
