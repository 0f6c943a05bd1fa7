/** Asking the Python side. Whatever can't be answered comes back as a sentence. */
import { signal } from './parts.js';
import { hasWords, t } from './words.js';

/** Why nothing can be asked at all ("token", "gone"); empty while all is well. */
export const trouble = signal('');

/** A request that was refused; `sentence()` says why in the reader's language. */
export class Refusal extends Error {
  /** @param {string} reason @param {string} [key] @param {Record<string, unknown>} [values] */
  constructor(reason, key = '', values = {}) {
    super(reason);
    this.key = key;
    this.values = values;
  }

  /** @returns {{text: string, lang: string | undefined}} English where there are no other words. */
  sentence() {
    if (this.key && hasWords(this.key)) return { text: t(this.key, this.values), lang: undefined };
    return { text: this.message, lang: 'en' };
  }
}

/**
 * Ask for JSON.
 * @param {string} path Below /api/.
 * @param {object | Blob} [body] Sent as it is if it is a file, else as JSON; without it, it is a GET.
 * @param {AbortSignal} [stop]
 */
export async function ask(path, body, stop) {
  /** @type {RequestInit} */
  const request = { signal: stop };
  if (body !== undefined) {
    const file = body instanceof Blob;
    request.method = 'POST';
    request.headers = { 'Content-Type': file ? body.type || 'image/png' : 'application/json' };
    request.body = file ? body : JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(`/api/${path}`, request);
  } catch (error) {
    if (stop?.aborted) throw error;
    trouble.value = 'gone';
    throw new Refusal(String(error), 'refused.gone');
  }
  trouble.value = answer.status === 401 ? 'token' : '';
  const found = await answer.json();
  if (!answer.ok) throw new Refusal(found.error, found.key, found.values);
  return found;
}
