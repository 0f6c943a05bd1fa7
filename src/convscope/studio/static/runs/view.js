/** The runs view: all runs in a table with their curves, or one run looked into. */
import { html, useEffect } from '../parts.js';
import { Refused } from '../refused.js';
import { t } from '../words.js';
import { Together } from './together.js';
import { OneRun } from './one.js';
import { startData, table } from './data.js';
import { followAddress, state } from './state.js';
import { Table } from './table.js';

export function View() {
  useEffect(followAddress, []);
  useEffect(startData, []);
  const { run } = state.value;
  return html`
    <div><h1>${t('runs.title')}</h1><p class="lead">${t('runs.lead')}</p></div>
    ${run ? html`<${OneRun} key=${run} />` : html`
      ${table.refusal.value && html`<${Refused} refusal=${table.refusal.value} />`}
      ${!table.found.value ? !table.refusal.value && html`<p class="faint">${t('shell.loading')}</p>` : html`<${Table} /><${Together} />`}`}
  `;
}
