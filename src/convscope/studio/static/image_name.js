/** What the images that are there are called. */
import { hasWords, t } from './words.js';

/** @param {string} name */
export function imageName(name) {
  const evaluated = name.match(/^evaluated:(\d+):(.*)$/s);
  if (evaluated) return t('network.image.evaluated', { number: evaluated[1], run: evaluated[2] });
  if (name.startsWith('digit-')) return t('bench.image.digit', { digit: name.slice(6) });
  // An address may name an image that there isn't.
  return hasWords(`bench.image.${name}`) ? t(`bench.image.${name}`) : name;
}
