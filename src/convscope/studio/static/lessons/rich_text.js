/** HTML that Python sent, as components: only elements and attributes that are named here get into the page. */
import { h } from '../parts.js';

const PLAIN = ['class', 'lang'];
/** @type {Record<string, string[]>} */
const ELEMENTS = {
  a: ['href'], blockquote: [], br: [], caption: [], code: [], dd: [], details: ['open'], div: [], dl: [], dt: [], em: [], h2: [], h3: [], h4: [],
  hr: [], img: ['src', 'alt'], li: [], ol: ['start'], p: [], pre: [], s: [], span: [], strong: [], sub: [], summary: [], sup: [],
  table: [], tbody: [], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan', 'scope'], thead: [], tr: [], ul: [],
  math: ['display'], mfrac: ['linethickness'], mi: ['mathvariant'], mn: [], mo: ['stretchy', 'fence', 'separator', 'form', 'movablelimits'],
  mover: ['accent'], mrow: [], mspace: ['width'], msqrt: [], mroot: [], mstyle: ['displaystyle', 'scriptlevel'], msub: [], msubsup: [], msup: [],
  mtable: ['columnalign'], mtd: [], mtext: [], mtr: [], munder: ['accentunder'], munderover: [], mpadded: [], mphantom: [],
};
/** What may be too wide for the page scrolls, and can be scrolled by keyboard. */
const scrolls = (/** @type {string} */ name, /** @type {Record<string, any>} */ attributes) => ['pre', 'table'].includes(name)
  || attributes.display === 'block';

/** @param {string} text HTML. @returns {any[]} */
export function richText(text) {
  const plain = text.replace(/<style\b[^]*?<\/style>/g, ''); // the page has its own, and its policy complains of others
  const parsed = new DOMParser().parseFromString(plain, 'text/html'); // scripts of such a document never run
  return inside(parsed.body);
}

/** @param {Node} node */
const inside = (node) => [...node.childNodes].map(component);

/** @param {Node} node @returns {any} */
function component(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const name = node.localName;
  if (['script', 'style', 'template', 'h1'].includes(name)) return null; // the page has its own head
  if (!(name in ELEMENTS)) return inside(node);
  /** @type {Record<string, any>} */
  const attributes = {};
  for (const each of [...PLAIN, ...ELEMENTS[name]]) {
    const value = node.getAttribute(each);
    if (value !== null && isHarmless(name, each, value)) attributes[each] = each === 'open' ? true : value;
  }
  if (name === 'img' && !attributes.src) return null;
  if (name === 'a') {
    if (!attributes.href) return inside(node); // it leads to a file beside the lesson
    Object.assign(attributes, { target: '_blank', rel: 'noopener noreferrer' });
  }
  if (name === 'td' || name === 'th') return h(node.textContent?.trim() === '' ? 'td' : name, attributes, inside(node));
  const made = h(name, attributes, ['br', 'hr', 'img'].includes(name) ? null : inside(node));
  return scrolls(name, attributes) ? h('div', { class: `scroll of-${name}`, tabindex: 0 }, made) : made;
}

/** @param {string} element @param {string} attribute @param {string} value */
function isHarmless(element, attribute, value) {
  if (attribute === 'href') return /^https?:\/\//.test(value);
  if (attribute === 'src') return /^data:image\/png;base64,[A-Za-z0-9+/=]+$/.test(value);
  return element === 'math' || /^[\w .,:+-]*$/u.test(value) || attribute === 'alt';
}
