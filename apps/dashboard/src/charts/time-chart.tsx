import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { isDark } from "../lib/theme.ts";
import { zone } from "../lib/time-style.ts";
import { ChartTable } from "./chart-table.tsx";
import {
  forLog,
  type Line,
  type Mark,
  marksAt,
  splitFilling,
  type TimeChartProps,
  tick,
  tickBoth,
  topOf,
} from "./series.ts";

const HEIGHT = 170;

/** Lines over time by uPlot; the legend, with the values under the pointer, is ours. */
export function TimeChart(props: TimeChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [hovered, setHovered] = useState<number | null>(null);
  const shape = `${props.lines.map((line) => line.label).join()}|${props.bucketMs}|${isDark.value}|${zone()}`;
  // `shape` changes when the chart itself has to be built anew, not only its data.
  useEffect(() => {
    if (!box.current) return;
    const chart = new uPlot(
      optionsOf(props, box.current, {
        hover: setHovered,
        props: () => latest.current,
        zoom: (on) => {
          isZoomed.current = on;
        },
      }),
      dataOf(props),
      box.current,
    );
    plot.current = chart;
    const watcher = new ResizeObserver(([entry]) =>
      chart.setSize({ width: Math.floor(entry?.contentRect.width ?? 300), height: HEIGHT }),
    );
    watcher.observe(box.current);
    return () => {
      watcher.disconnect();
      chart.destroy();
    };
  }, [shape]);
  const latest = useRef(props);
  latest.current = props;
  const isZoomed = useRef(false);
  useEffect(() => {
    plot.current?.setData(dataOf(props), !isZoomed.current);
    if (isZoomed.current) plot.current?.redraw();
  }, [props.at, props.lines, props.marks]);
  const shown = Math.min(hovered ?? props.at.length - 1, props.at.length - 1);
  const when = props.at[shown];
  const isEmpty = props.lines.every(({ values }) => values.every((value) => value === null || value === 0));
  return (
    <figure class="chart">
      <figcaption>
        <h3>{props.title}</h3>
        <span class="muted num">
          {when === undefined
            ? ""
            : `${tickBoth(when, props.bucketMs, zone())}${shown === props.at.length - 1 && props.filling ? ", still filling" : ""}`}
        </span>
      </figcaption>
      <div ref={box} class="plot" aria-hidden="true" />
      {hovered !== null && when !== undefined && <Marks marks={marksAt(props.marks, when, props.bucketMs)} />}
      {isEmpty && <p class="muted small-text">No data in this period.</p>}
      <Legend {...props} shown={shown} />
      <ChartTable {...props} />
    </figure>
  );
}

/** What was done at the moment under the pointer. */
function Marks({ marks }: Pick<TimeChartProps, "marks">) {
  return <p class="small-text chart-marks">{marks.map(({ text }) => text).join(" · ")}</p>;
}

function Legend({ lines, format, shown }: TimeChartProps & { shown: number }) {
  return (
    <ul class="legend">
      {lines.map((line) => (
        <li key={line.label}>
          <i class="swatch" data-color={line.color} aria-hidden="true" />
          {line.label} <b class="num">{format(line.values[shown] ?? null)}</b>
        </li>
      ))}
    </ul>
  );
}

function dataOf({ at, lines, filling, log }: TimeChartProps): uPlot.AlignedData {
  const values = lines.flatMap((line) => splitFilling(log ? forLog(line.values) : line.values, filling));
  return [at.map((ms) => ms / 1000), ...values];
}

interface Live {
  hover(index: number | null): void;
  /** What the chart shows now. */
  props(): TimeChartProps;
  /** A stretch is dragged out, or a double click has put all back. */
  zoom(on: boolean): void;
}

function optionsOf(props: TimeChartProps, box: HTMLElement, { hover, props: latest, zoom }: Live): uPlot.Options {
  const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = {
    stroke: token("--muted"),
    font: `11px ${token("--font")}`,
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(box.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    // All charts of a page show the same moment.
    cursor: { sync: { key: "time" }, y: false, drag: { setScale: true, x: true, y: false }, points: { size: 7 } },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: true },
      y: props.log ? { distr: 3, log: 10 } : { range: () => [0, topOf(latest().lines) * 1.1 || 1] },
    },
    axes: [
      {
        ...axis,
        space: 60,
        size: 26,
        values: (_, ticks) => ticks.map((seconds) => tick(seconds * 1000, props.bucketMs, zone())),
        grid: { show: false },
      },
      {
        ...axis,
        size: 56,
        values: (_, ticks) => ticks.map(props.format),
        ...(props.log ? { splits: logSplits, filter: (_, splits) => splits } : { incrs: WHOLE }),
      },
    ],
    series: [{}, ...props.lines.flatMap((line) => seriesOf(line, token))],
    hooks: {
      setCursor: [(chart) => hover(chart.cursor.idx ?? null)],
      setSelect: [() => zoom(true)],
      ready: [(chart) => chart.over.addEventListener("dblclick", () => zoom(false))],
      draw: [(chart) => drawMarks(chart, latest().marks, token("--muted"))],
    },
  };
}

/** A value between two gaps is no line: it is drawn as a point. */
const ALONE: uPlot.Series.Points = {
  show: true,
  size: 5,
  filter: (chart, series) => {
    const values = chart.data[series] ?? [];
    const isGap = (index: number) => (values[index] ?? null) === null;
    return [...values.keys()].filter((index) => !isGap(index) && isGap(index - 1) && isGap(index + 1));
  },
};

/** The solid part and the dashed one. */
function seriesOf(line: Line, token: (name: string) => string): uPlot.Series[] {
  const stroke = token(line.color);
  const base: uPlot.Series = { label: line.label, stroke, width: 1.75, points: ALONE, spanGaps: false };
  const fill = line.area ? { fill: `color-mix(in srgb, ${stroke} 16%, transparent)` } : {};
  return [
    { ...base, ...fill },
    { ...base, dash: [4, 4] },
  ];
}

/** Steps of an axis that counts: there is no half a variant. */
const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

/** Durations people know, in ms. */
const LOG_TICKS = [1, 10, 100, 1000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000];

function logSplits(_: uPlot, __: number, min: number, max: number): number[] {
  return LOG_TICKS.filter((tick) => tick >= min && tick <= max);
}

/** A dashed line from top to bottom at each moment. */
function drawMarks({ ctx, bbox, valToPos }: uPlot, marks: readonly Mark[], color: string): void {
  ctx.save();
  ctx.strokeStyle = color;
  ctx.setLineDash([2, 3]);
  ctx.beginPath();
  for (const { at } of marks) {
    const x = Math.round(valToPos(at / 1000, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
}
