/** Layers and classes in the reader's language. */
import { html } from '../parts.js';
import { shown } from '../numbers.js';
import { hasWords, t } from '../words.js';
import { network } from './data.js';

/** One operation in the reader's language; null where there are no words for it. @param {string} text */
function operation(text) {
  const [, kind, size, stride] = text.match(/^(.*?)( \d+×\d+)?(?:, stride (\d+))?$/) ?? ['', text];
  const key = `network.kind.${kind.toLowerCase().replaceAll(' ', '-')}`;
  return hasWords(key) ? `${t(key)}${size ?? ''}${stride ? t('network.with_stride', { stride }) : ''}` : null;
}

/** What a layer or block does, with its language where it isn't the reader's. @param {{text: string}} props */
export function Described({ text }) {
  const parts = text.split(' + ').map(operation);
  if (parts.includes(null)) return html`<span lang="en" translate=${false}>${text}</span>`;
  return html`<span>${parts.join(' + ')}</span>`;
}

/** @param {number} number A class. @returns {string} */
export function className(number) {
  const known = network.found.value?.answer.classes.find((/** @type {any} */ each) => each.number === number);
  return known?.name ?? t('network.class', { number });
}

/** @param {number[]} shape */
export const sizes = (shape) => shape.join(' × ');

/** A large count, short. @param {number} count */
export function count(count) {
  if (count >= 1e9) return `${shown(Number((count / 1e9).toPrecision(3)))} G`;
  if (count >= 1e6) return `${shown(Number((count / 1e6).toPrecision(3)))} M`;
  if (count >= 1e4) return `${shown(Number((count / 1e3).toPrecision(3)))} k`;
  return String(count);
}

/** A number as it was sent, or what it is where it isn't finite. @param {{value: number | null, is?: string}} sent */
export const told = (sent) => (sent.value === null ? sent.is ?? '' : shown(sent.value));
