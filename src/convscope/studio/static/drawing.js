/** A small drawing as an address holds it: hexadecimal digits of four pixels each, row by row. */
export const DRAWING_SIDE = 12;
export const SMILE = '0000001081080000002042041080f0000000';

/** The drawing as rows of 0 and 1. @param {string} hex @returns {Uint8Array} */
export function drawingPixels(hex) {
  const bits = [...hex].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('');
  return Uint8Array.from(bits, Number);
}

/** @param {Uint8Array} pixels @returns {string} */
export function drawingText(pixels) {
  let text = '';
  for (let i = 0; i < pixels.length; i += 4) {
    text += (pixels[i] * 8 + pixels[i + 1] * 4 + pixels[i + 2] * 2 + pixels[i + 3]).toString(16);
  }
  return text;
}
