/** What is on the bench, as a command and as Python. */
import { DRAWING_SIDE } from '../drawing.js';
import { asMatrices } from './numbers.js';

/** @typedef {import('./numbers.js').Answer} Answer */

/** The command for an image of one's own; empty where the command can't do it. @param {Answer} found */
export function commandText(found) {
  const { operation, stride, padding, dilation, mode } = found.state;
  if (operation !== 'cross-correlation' || padding === 'same') return '';
  const kernel = asMatrices(found.slid)[0].map((row) => row.map(String).join(' ')).join('; ');
  const parts = ['convscope kernels photo.jpg', `--kernel "${kernel}"`];
  if (stride !== 1) parts.push(`--stride ${stride}`);
  if (padding) parts.push(`--padding ${padding}`);
  if (dilation !== 1) parts.push(`--dilation ${dilation}`);
  if (mode !== 'zeros') parts.push(`--mode ${mode}`);
  return parts.join(' \\\n  ');
}

/** @param {number[][]} rows */
function literal(rows) {
  return `[${rows.map((row) => `[${row.join(', ')}]`).join(',\n    ')}]`;
}

/** The image. @param {Answer} found @returns {{lines: string[], imports: string[]}} */
function imageText(found) {
  const { name, array } = found.image;
  const [channels, height] = array.shape;
  if (name === 'china' || name === 'flower') {
    const photo = `photograph("${name}", ${height})`;
    if (channels === 3) return { imports: ['from convscope.experiments import photograph'], lines: [`image = ${photo}  # (3, ${height}, ${height})`] };
    return {
      imports: ['from PIL import Image', 'from convscope.experiments import photograph'],
      lines: [`colours = Image.fromarray(${photo}.transpose(1, 2, 0))`, 'image = np.asarray(colours.convert("L"))[None]'],
    };
  }
  if (height <= DRAWING_SIDE) return { imports: [], lines: [`image = np.array([${literal(asMatrices(array)[0])}])`] };
  const mode = channels === 3 ? 'RGB' : 'L';
  return {
    imports: ['from convscope.data.decode import decode'],
    lines: [`image = decode("photo.jpg", size=${height}, channels=${channels === 3 ? 3 : 1})  # ${mode}`],
  };
}

/** The same output by PyTorch. @param {Answer} found */
export function pythonText(found) {
  const { operation, stride, padding, dilation, mode, bias, relu } = found.state;
  const { imports, lines } = imageText(found);
  const [channels, height, width] = found.slid.shape;
  const asked = padding === 'same' ? '"same"' : padding;
  const body = [];
  if (operation === 'max' || operation === 'average') {
    const layer = operation === 'max' ? 'MaxPool2d' : 'AvgPool2d';
    body.push(`layer = nn.${layer}((${height}, ${width}), stride=${stride}, padding=${found.after[0]})`);
  } else {
    const slices = asMatrices(found.slid);
    const same = slices.every((each) => JSON.stringify(each) === JSON.stringify(slices[0]));
    const turned = operation === 'convolution' ? '  # turned by 180°' : '';
    body.push(same ? `kernel = np.array([${literal(slices[0])}] * ${channels})${turned}`
      : `kernel = np.array([${slices.map(literal).join(',\n   ')}])${turned}`);
    body.push(`layer = nn.Conv2d(${channels}, 1, (${height}, ${width}), stride=${stride}, padding=${asked},`,
      `                  dilation=${dilation}, padding_mode="${mode}", dtype=torch.float64)`,
      'with torch.no_grad():', '    layer.weight.copy_(torch.tensor(kernel)[None])', `    layer.bias.fill_(${bias})`);
  }
  body.push('with torch.no_grad():', `    output = layer(torch.tensor(image, dtype=torch.float64)[None])[0]${relu ? '.relu()' : ''}`,
    `print(output.shape)  # ${found.output.shape.join(' × ')}`);
  return ['import numpy as np', 'import torch', ...imports, 'from torch import nn', '', ...lines, ...body].join('\n');
}
