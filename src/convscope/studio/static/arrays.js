/** Arrays as they travel: their shape, and their bytes in base64; every bit arrives. */

/** @typedef {{shape: number[], type: string, data: string}} SentArray */
/** @typedef {{shape: number[], data: Float64Array | Uint8Array}} NumberArray */

/** @param {SentArray} sent @returns {NumberArray} */
export function decodeArray(sent) {
  const bytes = Uint8Array.from(atob(sent.data), (character) => character.charCodeAt(0));
  const data = sent.type === 'uint8' ? bytes : new Float64Array(bytes.buffer);
  return { shape: sent.shape, data };
}

/** @param {NumberArray} array @returns {SentArray} */
export function encodeArray({ shape, data }) {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  let text = '';
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return { shape, type: data instanceof Uint8Array ? 'uint8' : 'float64', data: btoa(text) };
}

/** One plane of several, (1, height, width), without a copy. @param {NumberArray} array @param {number} i @returns {NumberArray} */
export function slice({ shape, data }, i) {
  const size = shape[1] * shape[2];
  return { shape: [1, shape[1], shape[2]], data: data.subarray(i * size, (i + 1) * size) };
}

/** The lowest and the highest finite number. @param {ArrayLike<number>} data @returns {[number, number]} */
export function range(data) {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < data.length; i += 1) {
    if (Number.isFinite(data[i])) {
      if (data[i] < low) low = data[i];
      if (data[i] > high) high = data[i];
    }
  }
  return low > high ? [0, 0] : [low, high];
}
