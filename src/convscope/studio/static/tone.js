/** A curve as a tone: the higher the value, the higher the pitch; a gap is silent. */
const SECONDS = 3;
const [LOWEST, HIGHEST] = [220, 880]; // hertz: two octaves
let playing = /** @type {AudioContext | null} */ (null);

/** Play a curve, or stop the one that plays. @param {(number | null)[]} values */
export function hear(values) {
  if (playing) {
    void playing.close();
    playing = null;
    return;
  }
  const finite = /** @type {number[]} */ (values.filter((value) => value !== null));
  if (!finite.length) return;
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  const audio = new AudioContext();
  playing = audio;
  const [tone, loudness] = [audio.createOscillator(), audio.createGain()];
  const begin = audio.currentTime + 0.05;
  const many = Math.min(values.length, 300);
  for (let i = 0; i < many; i += 1) {
    const value = values[Math.round((i * (values.length - 1)) / Math.max(1, many - 1))];
    const when = begin + (SECONDS * i) / many;
    loudness.gain.setTargetAtTime(value === null ? 0 : 0.15, when, 0.01);
    if (value !== null) tone.frequency.setTargetAtTime(LOWEST * (HIGHEST / LOWEST) ** (high > low ? (value - low) / (high - low) : 0.5), when, 0.01);
  }
  tone.connect(loudness).connect(audio.destination);
  tone.start(begin);
  tone.stop(begin + SECONDS);
  tone.onended = () => {
    void audio.close();
    if (playing === audio) playing = null;
  };
}
