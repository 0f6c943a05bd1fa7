/** The views that there are, in the order of the navigation; each is loaded when it is first shown. */

/** @type {{name: string, load: () => Promise<{View: import('./vendor/preact.js').ComponentType}>}[]} */
export const VIEWS = [
  { name: 'bench', load: () => import('./bench/view.js') },
  { name: 'network', load: () => import('./network/view.js') },
  { name: 'train', load: () => import('./train/view.js') },
  { name: 'runs', load: () => import('./runs/view.js') },
  { name: 'plan', load: () => import('./plan/view.js') },
  { name: 'lessons', load: () => import('./lessons/view.js') },
];
