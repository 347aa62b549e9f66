// Writes the dashboard as a TypeScript file in which tsc checks it against @grafana/schema, panel by panel.
import fs from 'node:fs';

const [source, target] = process.argv.slice(2);
const dashboard = JSON.parse(fs.readFileSync(source, 'utf8'));
const kinds = {
  timeseries: 'timeseries', stat: 'stat', heatmap: 'heatmap', table: 'table', 'state-timeline': 'statetimeline', bargauge: 'bargauge',
};
const names = { timeseries: 'TimeSeries', stat: 'Stat', heatmap: 'Heatmap', table: 'Table', statetimeline: 'StateTimeline', bargauge: 'BarGauge' };
const used = [...new Set(dashboard.panels.flatMap((one) => [one, ...(one.panels ?? [])]).map((one) => one.type))].filter((one) => one !== 'row');
const file = (kind) => {
  const folder = `node_modules/@grafana/schema/dist/types/raw/composable/${kind}/panelcfg/x`;
  return `./${folder}/${fs.readdirSync(new URL(folder, import.meta.url)).find((name) => name.endsWith('.d.ts')).replace('.d.ts', '')}`;
};
const out = [
  "// Written by types.mjs.",
  "import type { Dashboard, Panel, RowPanel } from './node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen';",
  ...used.map((type) => `import type * as ${names[kinds[type]]} from '${file(kinds[type])}';`),
  // JSON has the values of enumerations, not their names; what a panel leaves out, Grafana fills in.
  'type Json<T> = T extends string ? `${T}` : T extends number | boolean | null | undefined ? T',
  '  : T extends Array<infer One> ? Array<Json<One>> : { [K in keyof T]?: Json<T[K]> };',
];
const flat = [];
for (const one of dashboard.panels) flat.push(one, ...(one.panels ?? []));
for (const one of flat) {
  if (one.type === 'row') {
    out.push(`export const panel${one.id}: Json<Omit<RowPanel, 'panels'>> = ${JSON.stringify({ ...one, panels: undefined })};`);
    continue;
  }
  const { options, fieldConfig, targets, ...rest } = one;
  const kind = names[kinds[one.type]];
  out.push(`export const panel${one.id}: Json<Omit<Panel, 'options' | 'fieldConfig' | 'targets'>> = ${JSON.stringify(rest)};`);
  out.push(`export const options${one.id}: Json<${kind}.Options> = ${JSON.stringify(options)};`);
  const { custom, ...defaults } = fieldConfig.defaults;
  out.push(`export const field${one.id}: Json<NonNullable<Panel['fieldConfig']>> = ${JSON.stringify({ ...fieldConfig, defaults })};`);
  if (custom) out.push(`export const custom${one.id}: Json<${kind}.FieldConfig> = ${JSON.stringify(custom)};`);
}
const { panels, templating, annotations, ...head } = dashboard;
out.push(`export const head: Json<Omit<Dashboard, 'panels' | 'templating' | 'annotations'>> = ${JSON.stringify(head)};`);
for (const [at, one] of templating.list.entries()) {
  const { definition, ...rest } = one;
  out.push(`export const variable${at}: Json<NonNullable<NonNullable<Dashboard['templating']>['list']>[number]> = ${JSON.stringify(rest)};`);
}
const prometheus = ['expr', 'step', 'titleFormat', 'textFormat', 'tagKeys', 'useValueForTime', 'target'];
for (const [at, one] of annotations.list.entries()) {
  const rest = Object.fromEntries(Object.entries(one).filter(([key]) => !prometheus.includes(key)));
  out.push(`export const annotation${at}: Json<NonNullable<NonNullable<Dashboard['annotations']>['list']>[number]> = ${JSON.stringify(rest)};`);
}
fs.writeFileSync(target, `${out.join('\n')}\n`);
