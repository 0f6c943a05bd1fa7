/** Texts for a terminal and for Python, quoted as each needs it. */

/** A path as a shell takes it. @param {string} path */
export const shellQuoted = (path) => (/^[\w./:=-]+$/.test(path) && !path.startsWith('-') ? path : `'${path.replaceAll("'", "'\\''")}'`);

/** A text as Python takes it. @param {string} text */
export const pythonQuoted = (text) => JSON.stringify(text);
