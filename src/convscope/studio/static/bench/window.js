/** The window of one output: what it covers, what it is multiplied with, and what that gives. */

/** @typedef {import('./numbers.js').Answer} Answer */
/**
 * @typedef {object} Channel What one channel has to do with the output.
 * @property {number[][]} pixels @property {number[][]} weights @property {number[][]} products
 * @property {number} sum Of the products; of pooling the largest pixel, or the mean.
 */

/** @param {{shape: number[], data: ArrayLike<number>}} array @param {number} c @param {number} r @param {number} k */
export function at({ shape, data }, c, r, k) {
  return data[(c * shape[1] + r) * shape[2] + k];
}

/** @param {Answer} answer @param {{row: number, column: number}} place @returns {Channel[]} */
export function windowAt(answer, place) {
  const [channels] = answer.padded.shape;
  const [, height, width] = answer.slid.shape;
  const { operation, stride } = answer.state;
  const dilation = answer.size[0].d;
  const found = [];
  for (let c = 0; c < channels; c += 1) {
    const pixels = [];
    const weights = [];
    const products = [];
    const flat = [];
    for (let a = 0; a < height; a += 1) {
      pixels.push(/** @type {number[]} */ ([]));
      weights.push(/** @type {number[]} */ ([]));
      products.push(/** @type {number[]} */ ([]));
      for (let b = 0; b < width; b += 1) {
        const pixel = at(answer.padded, c, place.row * stride + a * dilation, place.column * stride + b * dilation);
        const weight = at(answer.slid, c, a, b);
        pixels[a].push(pixel);
        weights[a].push(weight);
        products[a].push(pixel * weight);
        flat.push(operation === 'max' || operation === 'average' ? pixel : pixel * weight);
      }
    }
    const total = flat.reduce((sum, each) => sum + each, 0);
    const sum = operation === 'max' ? Math.max(...flat) : operation === 'average' ? total / flat.length : total;
    found.push({ pixels, weights, products, sum });
  }
  return found;
}

/** The output nearest to a pixel of the padded image. @param {Answer} answer @param {number} row @param {number} column */
export function outputNear(answer, row, column) {
  const near = (/** @type {number} */ pixel, /** @type {number} */ axis) => {
    const { out } = answer.size[axis];
    const found = Math.round((pixel - (answer.span[axis] - 1) / 2) / answer.state.stride);
    return Math.min(out - 1, Math.max(0, found));
  };
  return { row: near(row, 0), column: near(column, 1) };
}
