/** Frames of the camera as images, only after a click and only in this page. */
import { bring } from './numbers.js';
import { state } from './state.js';

const PAUSE = 150; // milliseconds from one frame to the next

/** @returns {Promise<() => void>} What ends it and turns the light off. */
export async function startCamera() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 480, height: 480 } });
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  const timer = setInterval(() => bring(frame(video)), PAUSE);
  const stop = () => {
    clearInterval(timer);
    stream.getTracks().forEach((track) => track.stop());
  };
  addEventListener('pagehide', stop, { once: true });
  return stop;
}

/** @param {HTMLVideoElement} video @returns {import('./numbers.js').Image} */
function frame(video) {
  const { side, colour } = state.value;
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
  return { name: 'camera', array: { shape: [colour ? 3 : 1, side, side], data: pixels }, top: 255 };
}
