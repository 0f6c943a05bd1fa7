/** What Python says of a plan, asked whenever a dial moves; and of all networks, when that is asked for. */
import { signal } from '../parts.js';
import { ask, Refusal } from '../api.js';
import { keepAsking, part } from '../asking.js';
import { labelsOf } from '../labels.js';
import { settings, state } from './state.js';

export const choices = signal(/** @type {any} */ (null));
export const forecast = part();
export const largest = part();
export const networks = part();
/** Forecasts of networks, by name, as they come; and whether they are being made. */
export const forecasts = signal(/** @type {Record<string, any>} */ ({}));
export const counting = signal(false);

/** What the largest batch was asked for. */
export const largestFor = signal('');

/** Start asking; gives what ends it. */
export function startData() {
  ask('plan/choices').then((found) => { choices.value = found; }, (error) => { if (!(error instanceof Refusal)) throw error; });
  const ends = [
    keepAsking(forecast, 'plan/forecast', () => (state.value.data.trim() ? settings(state.value) : null), (found, asked) => ({ ...found, asked: JSON.stringify(asked) }), 250),
    () => { counting.value = false; },
  ];
  return () => ends.forEach((end) => end());
}

/** Find the largest batch within so many bytes. @param {number} limit */
export async function findLargest(limit) {
  const asked = settings(state.value);
  largest.busy.value = true;
  largest.refusal.value = null;
  try {
    largest.found.value = await ask('plan/largest', { ...asked, limit });
    largestFor.value = JSON.stringify(asked);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    largest.refusal.value = error;
    largest.found.value = null;
  } finally { largest.busy.value = false; }
}

/** The images that the networks are compared on. */
export const imagesOf = () => ({ data: state.value.data.trim(), size: state.value.size ? Number(state.value.size) : null, ...labelsOf(state.value) });

/** Count the operations of all networks. */
export async function countAll() {
  const asked = imagesOf();
  networks.busy.value = true;
  networks.refusal.value = null;
  try {
    networks.found.value = { ...await ask('plan/costs', asked), asked: JSON.stringify(asked) };
    forecasts.value = {};
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    networks.refusal.value = error;
  } finally { networks.busy.value = false; }
}

/** Forecast each network, one after the other, until it is stopped. */
export async function forecastAll() {
  const asked = imagesOf();
  const { networks: rows } = networks.found.value;
  counting.value = true;
  for (let i = 0; i < rows.length && counting.value; i += 1) {
    const { network } = rows[i];
    if (network in forecasts.value) continue;
    try {
      const found = await ask('plan/costs', { ...asked, network });
      forecasts.value = { ...forecasts.value, ...found };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.key === 'refused.train.newer') i -= 1; // a dial came between
      else { networks.refusal.value = error; break; }
    }
  }
  counting.value = false;
}
