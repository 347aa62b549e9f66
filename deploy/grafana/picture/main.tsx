// The dashboard's open rows, drawn from recorded answers of Prometheus. Panels of numbers and lines are Grafana's own
// components; the heat map and the state timeline, which Grafana keeps to itself, are drawn here.
import {
  createTheme, dateTime, FieldColorModeId, FieldType, getDisplayProcessor, toDataFrame,
  type DataFrame, type Field, type GrafanaTheme2, type TimeRange,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, ThemeContext, TimeSeries } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

const COLUMN = 64, LINE = 30, GAP = 8, PADDING = 8, HEADER = 32;

interface Series { labels: Record<string, string>; name: string; times: number[]; values: Array<number | null> }
interface Recorded { panel: any; series: Series[] }
interface Data { from: number; to: number; panels: Recorded[] }

const theme: GrafanaTheme2 = createTheme({ colors: { mode: 'dark' } });
const color = (name: string) => theme.visualization.getColorByName(name);

function frameOf(panel: any, series: Series, index: number): DataFrame {
  const override = panel.fieldConfig.overrides.find((one: any) => one.matcher.options === series.name);
  const config = {
    ...panel.fieldConfig.defaults, displayName: series.name,
    ...(override ? { color: override.properties[0].value } : {}),
  };
  const frame = toDataFrame({
    fields: [
      { name: 'Time', type: FieldType.time, values: series.times },
      { name: 'Value', type: FieldType.number, values: series.values, config },
    ],
  });
  const numbers = series.values.filter((one) => one !== null);
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  frame.fields[1].state = { seriesIndex: index, displayName: series.name, range: { min, max, delta: max - min } };
  for (const field of frame.fields) field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  return frame;
}

/** As the panel does: a gap where there is no scrape's answer, since all series share the recording's times. */
function Lines({ recorded, range, width, height }: Drawn) {
  const frames = recorded.series.map((one, at) => frameOf(recorded.panel, one, at));
  return <TimeSeries frames={frames} width={width} height={height} timeRange={range} timeZone="utc"
    legend={recorded.panel.options.legend} options={{}} />;
}

function Stat({ recorded, range, width, height }: Drawn) {
  const each = width / recorded.series.length;
  return <div style={{ display: 'flex' }}>
    {recorded.series.map((one, at) => {
      const field: Field = frameOf(recorded.panel, one, at).fields[1];
      const last = [...one.values].reverse().find((value) => value !== null) ?? null;
      const value = { ...field.display!(last), title: recorded.series.length > 1 ? one.name : '' };
      const graph = recorded.panel.options.graphMode === 'area' && one.values.length > 1;
      const x = frameOf(recorded.panel, one, at).fields[0];
      return <BigValue key={at} count={recorded.series.length} value={value} width={each} height={height} theme={theme} colorMode={recorded.panel.options.colorMode}
        graphMode={(graph ? 'area' : 'none') as any} textMode={recorded.panel.options.textMode}
        sparkline={graph ? { x, y: { ...field, config: { ...field.config, color: { mode: FieldColorModeId.Fixed, fixedColor: value.color } } }, timeRange: range } : undefined} />;
    })}
  </div>;
}

const clock = (at: number) => new Date(at).toISOString().slice(11, 19);

function Axis({ data, left, width, top }: { data: TimeRange; left: number; width: number; top: number }) {
  const [begin, end] = [data.from.valueOf(), data.to.valueOf()];
  const ticks = [];
  for (let at = Math.ceil(begin / 30000) * 30000; at <= end; at += 30000) ticks.push(at);
  return <>{ticks.map((at) => <text key={at} x={left + (at - begin) / (end - begin) * width} y={top} fill={theme.colors.text.secondary}
    fontSize={12} textAnchor="middle">{clock(at)}</text>)}</>;
}

function Heatmap({ recorded, range, width, height }: Drawn) {
  const rows = [...recorded.series].sort((a, b) => Number(a.labels.le.replace('+Inf', 'Infinity')) - Number(b.labels.le.replace('+Inf', 'Infinity')));
  // Cumulative buckets: each row without what the one below it has.
  const cells = rows.map((row, at) => row.values.map((value, time) => Math.max(0, (value ?? 0) - (at ? rows[at - 1].values[time] ?? 0 : 0))));
  const most = Math.max(...cells.flat(), 1);
  const [left, bottom] = [58, 22];
  const [w, h] = [(width - left) / Math.max(1, rows[0]?.times.length ?? 1), (height - bottom) / rows.length];
  const text = (le: string) => (le === '+Inf' ? '+Inf' : Number(le) < 1 ? `${+(Number(le) * 1000).toPrecision(3)} ms` : `${+Number(le).toPrecision(3)} s`);
  return <svg width={width} height={height}>
    {rows.map((row, at) => at % 3 === 0 && <text key={at} x={left - 6} y={height - bottom - at * h - 2} fontSize={12} textAnchor="end"
      fill={theme.colors.text.secondary}>{text(row.labels.le)}</text>)}
    {cells.flatMap((row, at) => row.map((value, time) => value > 0.05 && <rect key={`${at}-${time}`} x={left + time * w}
      y={height - bottom - (at + 1) * h} width={w + 0.3} height={h - 1}
      fill={`hsl(${240 - 220 * Math.sqrt(value / most)}, 75%, ${35 + 25 * Math.sqrt(value / most)}%)`} />))}
    <Axis data={range} left={left} width={width - left} top={height - 6} />
  </svg>;
}

function States({ recorded, range, width, height }: Drawn) {
  const mappings = recorded.panel.fieldConfig.defaults.mappings;
  const of = (value: number) => mappings.flatMap((one: any) => (one.type === 'value' ? [one.options[String(value)]]
    : value >= one.options.from && value <= one.options.to ? [one.options.result] : [])).find(Boolean);
  const [left, bottom, legend] = [120, 22, 24];
  const row = Math.min(56, (height - bottom - legend) / Math.max(1, recorded.series.length));
  const [begin, end] = [range.from.valueOf(), range.to.valueOf()];
  const seen = new Map<string, string>();
  const bars = recorded.series.flatMap((one, at) => one.values.map((value, time) => {
    const state = value === null ? undefined : of(value);
    if (!state) return null;
    seen.set(state.text, color(state.color));
    return <rect key={`${at}-${time}`} x={left + (one.times[time] - begin) / (end - begin) * (width - left)} y={at * row + 4}
      width={(width - left) / one.times.length + 0.6} height={row - 8} fill={color(state.color)} opacity={0.75} />;
  }));
  return <svg width={width} height={height}>
    {recorded.series.map((one, at) => <text key={at} x={left - 8} y={at * row + row / 2 + 4} fontSize={12} textAnchor="end"
      fill={theme.colors.text.primary}>{one.name}</text>)}
    {bars}
    <Axis data={range} left={left} width={width - left} top={Math.min(height - legend - 6, recorded.series.length * row + 16)} />
    {[...seen].map(([name, fill], at) => <g key={name} transform={`translate(${8 + at * 130}, ${height - 8})`}>
      <rect width={14} height={4} y={-6} fill={fill} /><text x={20} fontSize={12} fill={theme.colors.text.primary}>{name}</text></g>)}
  </svg>;
}

function Rows({ recorded }: Drawn) {
  const columns: Record<string, string> = recorded.panel.transformations[0].options.renameByName;
  const cell = { padding: '6px 8px', borderBottom: `1px solid ${theme.colors.border.weak}`, textAlign: 'left' as const };
  return <table style={{ width: '100%', borderCollapse: 'collapse', fontSize: 14 }}>
    <thead><tr>{Object.values(columns).map((name) => <th key={name} style={{ ...cell, color: theme.colors.primary.text }}>{name}</th>)}</tr></thead>
    <tbody>{recorded.series.map((one, at) => <tr key={at}>{Object.keys(columns).map((name) => <td key={name} style={cell}>
      {name === 'Value' ? one.values.at(-1) : one.labels[name]}</td>)}</tr>)}</tbody>
  </table>;
}

interface Drawn { recorded: Recorded; range: TimeRange; width: number; height: number }
const KINDS: Record<string, (drawn: Drawn) => React.ReactElement> = {
  timeseries: Lines, stat: Stat, heatmap: Heatmap, 'state-timeline': States, table: Rows,
};

function Place({ recorded, range }: { recorded: Recorded; range: TimeRange }) {
  const { panel } = recorded;
  const { x, y, w, h } = panel.gridPos;
  const [width, height] = [w * COLUMN - GAP, h * LINE + (h - 1) * GAP];
  const place = { position: 'absolute' as const, left: x * COLUMN, top: y * (LINE + GAP), width, height };
  if (panel.type === 'row') return <div style={{ ...place, fontSize: 18, fontWeight: 500, color: theme.colors.text.primary }}>⌄ {panel.title}</div>;
  const Kind = KINDS[panel.type];
  return <div style={place}>
    <PanelChrome width={width} height={height} title={panel.title}>
      {(innerWidth: number, innerHeight: number) => <Kind recorded={recorded} range={range} width={innerWidth} height={innerHeight} />}
    </PanelChrome>
  </div>;
}

const data: Data = await (await fetch('./data.json')).json();
const [from, to] = [dateTime(data.from), dateTime(data.to)];
const range: TimeRange = { from, to, raw: { from, to } };
const bottom = Math.max(...data.panels.map(({ panel }) => (panel.gridPos.y + panel.gridPos.h) * (LINE + GAP)));
document.body.style.cssText = `padding: 16px 0 0 16px; overflow: hidden; background: ${theme.colors.background.canvas}`;
createRoot(document.getElementById('root')!).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div style={{ position: 'relative', width: 24 * COLUMN, height: bottom }}>
      {data.panels.map((recorded) => <Place key={recorded.panel.id} recorded={recorded} range={range} />)}
    </div>
  </ThemeContext.Provider>,
);
document.body.dataset.panels = String(data.panels.length);
