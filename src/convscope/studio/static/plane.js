/** Numbers in a plane, drawn on a canvas: an image or a map, with marks over it and a cursor in it. */
import { html, useEffect, useLayoutEffect, useRef, useState } from './parts.js';
import { colour, painted } from './appearance.js';
import { range } from './arrays.js';
import { short } from './numbers.js';

/** @typedef {[number, number, number]} Rgb */
/**
 * @typedef {object} Mark
 * @property {number} row @property {number} column @property {number} height @property {number} width
 * @property {"box" | "cell"} kind A box is drawn around, a cell is one of those inside.
 */
/**
 * @typedef {object} PlaneProps
 * @property {import('./arrays.js').NumberArray} array (1 or 3, height, width)
 * @property {number} [top] The value that is white; without it, greys or signs by their own range.
 * @property {[number, number]} [range] In the place of the array's own range.
 * @property {string} name What it shows, for a screen reader.
 * @property {string} [describedBy]
 * @property {Mark[]} marks
 * @property {{row: number, column: number, height: number, width: number}} [inner] All but what was added around.
 * @property {boolean[][]} [read] Of each row and column, whether it is read; what isn't is hatched.
 * @property {(row: number, column: number, pressed: boolean) => void} [onPoint]
 * @property {(key: string) => boolean} [onKey] Says whether it took the key.
 * @property {number} [most] Most pixels of height.
 * @property {{array: import('./arrays.js').NumberArray, opacity: number}} [overlay] What lies over it, by its signs.
 */

/** @param {PlaneProps} props */
export function Plane({ array, top, range: wanted, name, describedBy, marks, inner, read, onPoint, onKey, most = 420, overlay }) {
  const canvas = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const base = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const over = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  const [room, setRoom] = useState(0);
  const [, rows, columns] = array.shape;
  const scale = room ? Math.min(room / columns, most / rows) : 0;

  useEffect(() => {
    const parent = /** @type {HTMLElement} */ (canvas.current?.parentElement);
    const watch = new ResizeObserver(() => setRoom(parent.clientWidth));
    watch.observe(parent);
    return () => watch.disconnect();
  }, []);
  const shades = painted.value;
  const scaled = wanted ? { shape: [1, 1, 2], data: Float64Array.from(wanted) } : array;
  useLayoutEffect(() => { base.current = paint(array, scaleOf(scaled, top)); }, [array, top, wanted?.[0], wanted?.[1], shades]);
  useLayoutEffect(() => {
    over.current = overlay ? paint(overlay.array, scaleOf(overlay.array, undefined, true)) : null;
  }, [overlay?.array, shades]);
  useLayoutEffect(() => {
    if (canvas.current && base.current && scale) {
      const above = over.current && overlay && { painted: over.current, opacity: overlay.opacity };
      draw(canvas.current, base.current, { array, colours: scaleOf(scaled, top), marks, inner, read, scale, above });
    }
  });

  const point = (/** @type {PointerEvent} */ event, pressed = false) => {
    const box = /** @type {HTMLCanvasElement} */ (event.currentTarget).getBoundingClientRect();
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    if (row >= 0 && column >= 0 && row < rows && column < columns) onPoint?.(row, column, pressed);
  };
  return html`<div class="plane"><canvas ref=${canvas} tabindex="0" role="application" aria-label=${name}
    aria-describedby=${describedBy} data-rows=${rows} data-columns=${columns}
    onPointerMove=${(event) => point(event)} onPointerDown=${(event) => point(event, true)}
    onKeyDown=${(event) => { if (!event.ctrlKey && !event.metaKey && !event.altKey && onKey?.(event.key)) event.preventDefault(); }}
    ></canvas></div>`;
}

/** @param {string} text A colour as CSS names it. @returns {Rgb} */
export function rgb(text) {
  const found = text.match(/^#(..)(..)(..)$/);
  return /** @type {Rgb} */ (found ? found.slice(1).map((part) => Number.parseInt(part, 16)) : [128, 128, 128]);
}

/**
 * How values become colours: by `top` from black to white; else, where some are below 0, blue to
 * orange with 0 as the page's own ground; else from black to white over their range.
 * @param {import('./arrays.js').NumberArray} array @param {number} [top]
 * @param {boolean} [signs] Whether 0 is in the middle also where nothing is below it.
 * @returns {{kind: "grey" | "signed", low: number, high: number, of: (value: number) => Rgb}}
 */
export function scaleOf(array, top, signs = false) {
  const [low, high] = top === undefined ? range(array.data) : [0, top];
  if (low < 0 || signs) {
    const most = Math.max(-low, high) || 1;
    const [below, zero, above] = ['below', 'zero', 'above'].map((each) => rgb(colour(each)));
    const of = (/** @type {number} */ value) => {
      const share = Math.min(1, Math.abs(value) / most) ** 0.8;
      const end = value < 0 ? below : above;
      return /** @type {Rgb} */ (zero.map((part, i) => Math.round(part + (end[i] - part) * share)));
    };
    return { kind: 'signed', low: -most, high: most, of };
  }
  const of = (/** @type {number} */ value) => {
    const grey = Math.round(255 * Math.min(1, Math.max(0, high > 0 ? value / high : 0)));
    return /** @type {Rgb} */ ([grey, grey, grey]);
  };
  return { kind: 'grey', low: 0, high, of };
}

/** @typedef {ReturnType<typeof scaleOf>} ColourScale */

/** One pixel for each number. @param {import('./arrays.js').NumberArray} array @param {ColourScale} scale */
export function paint(array, scale) {
  const [channels, rows, columns] = array.shape;
  const size = rows * columns;
  const made = document.createElement('canvas');
  made.width = columns;
  made.height = rows;
  const context = /** @type {CanvasRenderingContext2D} */ (made.getContext('2d'));
  const pixels = context.createImageData(columns, rows);
  const none = rgb(colour('card'));
  for (let i = 0; i < size; i += 1) {
    const value = array.data[i];
    let shade = Number.isFinite(value) ? scale.of(value) : none;
    if (channels === 3 && scale.kind === 'grey' && Number.isFinite(value)) {
      shade = [scale.of(value)[0], scale.of(array.data[size + i])[0], scale.of(array.data[2 * size + i])[0]];
    }
    pixels.data.set([...shade, 255], 4 * i);
  }
  context.putImageData(pixels, 0, 0);
  return made;
}

/** @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} base @param {any} what */
function draw(canvas, base, { array, colours, marks, inner, read, scale, above }) {
  const [channels, rows, columns] = array.shape;
  const dense = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(columns * scale), Math.round(rows * scale)];
  canvas.width = Math.round(width * dense);
  canvas.height = Math.round(height * dense);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.scale(canvas.width / columns, canvas.height / rows);
  context.imageSmoothingEnabled = false;
  context.drawImage(base, 0, 0, columns, rows);
  if (above) {
    context.globalAlpha = above.opacity;
    context.drawImage(above.painted, 0, 0, columns, rows);
    context.globalAlpha = 1;
  }
  const pixel = 1 / scale; // of the screen, in the units of the plane
  if (scale >= 9) grid(context, rows, columns, pixel);
  if (inner) around(context, rows, columns, inner, pixel);
  if (read) unread(context, rows, columns, read, pixel);
  if (scale >= 23 && channels === 1) figures(context, array, colours, scale);
  for (const mark of marks) box(context, mark, pixel);
}

/** @param {CanvasRenderingContext2D} context @param {number} rows @param {number} columns @param {number} pixel */
function grid(context, rows, columns, pixel) {
  context.strokeStyle = 'rgb(128 128 128 / .35)';
  context.lineWidth = pixel;
  context.beginPath();
  for (let row = 1; row < rows; row += 1) { context.moveTo(0, row); context.lineTo(columns, row); }
  for (let column = 1; column < columns; column += 1) { context.moveTo(column, 0); context.lineTo(column, rows); }
  context.stroke();
}

/** Show what was added around the image. @param {CanvasRenderingContext2D} context @param {any} inner */
function around(context, rows, columns, inner, pixel) {
  if (inner.height === rows && inner.width === columns) return;
  context.save();
  context.beginPath();
  context.rect(0, 0, columns, rows);
  context.rect(inner.column, inner.row, inner.width, inner.height);
  context.clip('evenodd');
  const [r, g, b] = rgb(colour('blue'));
  context.fillStyle = `rgb(${r} ${g} ${b} / .28)`;
  context.fillRect(0, 0, columns, rows);
  context.restore();
  context.setLineDash([4 * pixel, 3 * pixel]);
  context.strokeStyle = colour('blue');
  context.lineWidth = 1.5 * pixel;
  context.strokeRect(inner.column, inner.row, inner.width, inner.height);
  context.setLineDash([]);
}

/** Hatch the pixels that no window reads. @param {CanvasRenderingContext2D} context @param {boolean[][]} read */
function unread(context, rows, columns, read, pixel) {
  if (read[0].every(Boolean) && read[1].every(Boolean)) return;
  context.save();
  context.beginPath();
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (!read[0][row] || !read[1][column]) context.rect(column, row, 1, 1);
    }
  }
  context.clip();
  context.fillStyle = 'rgb(128 128 128 / .5)';
  context.fillRect(0, 0, columns, rows);
  context.strokeStyle = 'rgb(128 128 128 / .9)';
  context.lineWidth = pixel;
  context.beginPath();
  const step = 5 * pixel;
  for (let start = -rows; start < columns; start += step) { context.moveTo(start, rows); context.lineTo(start + rows, 0); }
  context.stroke();
  context.restore();
}

/** Write the numbers into their cells. @param {CanvasRenderingContext2D} context */
function figures(context, array, scale, size) {
  const [, rows, columns] = array.shape;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const value = array.data[row * columns + column];
      const shade = Number.isFinite(value) ? scale.of(value) : rgb(colour('card'));
      const text = short(value);
      const letters = Math.min(0.46, 0.92 / (0.58 * text.length), 15 / size);
      context.font = `${letters}px system-ui, sans-serif`;
      context.fillStyle = readable(shade);
      context.fillText(text, column + 0.5, row + 0.53);
    }
  }
}

/** Black or white, whichever can be read on a colour. @param {Rgb} shade */
export function readable([r, g, b]) {
  const linear = [r, g, b].map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  const light = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return light > 0.179 ? '#000000' : '#ffffff';
}

/** @param {CanvasRenderingContext2D} context @param {Mark} mark @param {number} pixel */
function box(context, mark, pixel) {
  const [dark, bright] = mark.kind === 'box' ? [5.5, 2.6] : [2.6, 1.2];
  for (const [style, width] of /** @type {[string, number][]} */ ([['rgb(0 0 0 / .75)', dark], ['#c6ff00', bright]])) {
    context.strokeStyle = style;
    context.lineWidth = width * pixel;
    const inset = mark.kind === 'box' ? 0 : 1.5 * pixel;
    context.strokeRect(mark.column + inset, mark.row + inset, mark.width - 2 * inset, mark.height - 2 * inset);
  }
}

/** The colours of a plane and what they stand for. @param {{array: any, top?: number, signs?: boolean, name: string}} props */
export function Scale({ array, top, signs, name }) {
  const scale = scaleOf(array, top, signs);
  const low = signs && range(array.data)[0] >= 0 ? 0 : scale.low; // where nothing is below 0, no colour for it
  const bar = useRef(/** @type {HTMLCanvasElement | null} */ (null));
  useLayoutEffect(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (bar.current);
    canvas.width = 128;
    canvas.height = 1;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    for (let i = 0; i < 128; i += 1) {
      const value = low + ((scale.high - low) * i) / 127;
      context.fillStyle = `rgb(${scale.of(value).join(' ')})`;
      context.fillRect(i, 0, 1, 1);
    }
  });
  return html`<div class="scale" role="img" aria-label=${name}>
    <span>${short(low)}</span><canvas ref=${bar}></canvas>
    ${low < 0 && html`<span class="zero">0</span>`}<span>${short(scale.high)}</span>
  </div>`;
}
