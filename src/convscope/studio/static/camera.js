/** Frames of the camera as images, only after a click and only in this page. */
import { html, useEffect, useState } from './parts.js';
import { Refusal } from './api.js';
import { t } from './words.js';

const PAUSE = 150; // milliseconds from one frame to the next

/** @typedef {import('./arrays.js').NumberArray} NumberArray */

/**
 * @param {() => {side: number, colour: boolean} | null} wanted What is wanted now; null: no frame, one is in work.
 * @param {(frame: NumberArray) => void} take Gets a frame, (1 or 3, side, side) from 0 to 255.
 * @returns {Promise<() => void>} What ends it and turns the light off.
 */
async function startCamera(wanted, take) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 480, height: 480 } });
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  const timer = setInterval(() => {
    const now = wanted();
    if (now) take(frame(video, now.side, now.colour));
  }, PAUSE);
  const stop = () => {
    clearInterval(timer);
    stream.getTracks().forEach((track) => track.stop());
  };
  addEventListener('pagehide', stop, { once: true });
  return stop;
}

/** @param {HTMLVideoElement} video @param {number} side @param {boolean} colour @returns {NumberArray} */
function frame(video, side, colour) {
  const small = document.createElement('canvas');
  small.width = side;
  small.height = side;
  const context = /** @type {CanvasRenderingContext2D} */ (small.getContext('2d'));
  const edge = Math.min(video.videoWidth, video.videoHeight);
  context.imageSmoothingQuality = 'high';
  context.translate(side, 0);
  context.scale(-1, 1); // as in a mirror
  context.drawImage(video, (video.videoWidth - edge) / 2, (video.videoHeight - edge) / 2, edge, edge, 0, 0, side, side);
  const { data } = context.getImageData(0, 0, side, side);
  const size = side * side;
  const pixels = new Uint8Array(colour ? 3 * size : size);
  for (let i = 0; i < size; i += 1) {
    const [r, g, b] = data.subarray(4 * i, 4 * i + 3);
    if (colour) [pixels[i], pixels[size + i], pixels[2 * size + i]] = [r, g, b];
    else pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  }
  return { shape: [colour ? 3 : 1, side, side], data: pixels };
}

/**
 * Takes frames while it is on; the light goes off with it, and on leaving.
 * @param {{wanted: () => {side: number, colour: boolean} | null, take: (frame: NumberArray) => void,
 *   refused: (why: Refusal) => void}} props
 */
export function CameraButton({ wanted, take, refused }) {
  const [on, setOn] = useState(false);
  useEffect(() => {
    if (!on) return undefined;
    let stop = () => {};
    let left = false;
    startCamera(wanted, take).then((ended) => { if (left) ended(); else stop = ended; }, () => {
      refused(new Refusal('', 'refused.bench.camera'));
      setOn(false);
    });
    return () => { left = true; stop(); };
  }, [on]);
  return html`<button type="button" aria-pressed=${on} onClick=${() => setOn(!on)}>${t('bench.camera')}</button>`;
}
