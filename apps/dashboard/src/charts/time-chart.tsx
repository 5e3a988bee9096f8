import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { isNarrow } from "../lib/narrow.ts";
import { navigate } from "../lib/router.ts";
import { zone } from "../lib/time-style.ts";
import { ChartTable, type ChartTableProps } from "./chart-table.tsx";
import { durationsAround, flagsOf, logShare, type Mark, pathOf, tick, tickBoth, topOf } from "./series.ts";

interface TimeChartProps extends ChartTableProps {
  /** Beside the title while nothing is under the pointer. */
  sum: string;
  /** The last bucket still fills. */
  filling: boolean;
  marks: readonly Mark[];
  /** Beside the title. */
  children?: ComponentChildren;
}

/** Bars or lines over time. A click, or a drag over a stretch, opens the jobs of that time; the table has a link for each bucket. */
export function TimeChart(props: TimeChartProps) {
  const { at, bucketMs, lines, format, title, sum, filling, hrefOf } = props;
  const [hovered, setHovered] = useState<number | null>(null);
  const [begun, setBegun] = useState<number | null>(null);
  const indexAt = (event: PointerEvent & { currentTarget: HTMLElement }) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(at.length - 1, Math.floor(((event.clientX - left) / width) * at.length)));
  };
  const open = (one: number, other: number) =>
    navigate(hrefOf(at[Math.min(one, other)] ?? 0, (at[Math.max(one, other)] ?? 0) + bucketMs));
  const shown = hovered === null ? undefined : at[hovered];
  return (
    <figure class="chart">
      <figcaption class="row">
        <h2>{title}</h2>
        <span class="muted small-text num grow readout">
          {shown === undefined
            ? sum
            : `${tickBoth(shown, bucketMs, zone())}${filling && hovered === at.length - 1 ? ", still filling" : ""}: ${lines
                .map(({ label, values }) => `${label} ${format(values[hovered ?? 0] ?? null)}`)
                .join(" · ")}`}
        </span>
        {props.children}
      </figcaption>
      <div
        class="plot"
        aria-hidden="true"
        onPointerMove={(event) => setHovered(indexAt(event))}
        onPointerLeave={() => {
          setHovered(null);
          setBegun(null);
        }}
        onPointerDown={(event) => setBegun(indexAt(event))}
        onPointerUp={(event) => begun !== null && open(begun, indexAt(event))}
      >
        {lines.some((line) => line.as === "bar") ? <Bars {...props} /> : <Lines {...props} />}
        {flagsOf(props.marks, at, bucketMs, isNarrow.value ? 0.45 : 0.2).map(({ share, text, hasRoom, isBefore }) => (
          <span key={share} class="flag" data-before={isBefore} style={{ left: `${share * 100}%` }}>
            {hasRoom && <span class="muted small-text">{text}</span>}
          </span>
        ))}
        {lines.every(({ values }) => values.every((value) => !value)) && <p class="muted">No data in this period.</p>}
        {hovered !== null && <Brush from={begun ?? hovered} to={hovered} of={at.length} />}
      </div>
      <Hours at={at} bucketMs={bucketMs} />
      <ChartTable {...props} />
    </figure>
  );
}

function Brush({ from, to, of }: { from: number; to: number; of: number }) {
  const [first, last] = [Math.min(from, to), Math.max(from, to)];
  return <i class="brush" style={{ left: `${(first / of) * 100}%`, width: `${((last - first + 1) / of) * 100}%` }} />;
}

function Bars({ lines, filling, format }: TimeChartProps) {
  const [up, below] = [lines.find(({ as }) => as === "bar"), lines.find(({ as }) => as === "below")];
  const values = up?.values ?? [];
  const top = topOf(values);
  return (
    <>
      <Axis marks={[0, 0.5, 1].map((share) => [share, format(share * top)] as const)} />
      <div class="bars">
        {values.map((value, index) => (
          <i key={index} data-filling={filling && index === values.length - 1}>
            <b style={{ height: `${((value ?? 0) / top) * 100}%` }} />
          </i>
        ))}
      </div>
      {below && (
        <div class="bars below">
          <span class="muted small-text">{below.label}</span>
          {below.values.map((value, index) => (
            <i key={index}>
              <s style={{ height: `${value ? Math.min(15, 3 + 4 * Math.log10(1 + value)) : 0}px` }} />
            </i>
          ))}
        </div>
      )}
    </>
  );
}

function Lines({ lines, format }: TimeChartProps) {
  const axis = durationsAround(lines.flatMap(({ values }) => values));
  const drawn = lines.map((line) => ({ ...line, shares: line.values.map((value) => logShare(value, axis)) }));
  return (
    <>
      <Axis marks={axis.map((mark) => [logShare(mark, axis) ?? 0, format(mark)] as const)} />
      <svg viewBox={`0 0 ${drawn[0]?.shares.length ?? 1} 100`} preserveAspectRatio="none" aria-hidden="true">
        {drawn.map(({ label, as, shares }) => (
          <path key={label} data-as={as} d={pathOf(shares)} />
        ))}
      </svg>
      {apart(drawn.map(({ label, shares }) => [label, shares.findLast((one) => one !== null) ?? null] as const)).map(
        ([label, share]) => (
          <span key={label} class="line-end small-text" style={{ bottom: `${share * 100}%` }}>
            {label}
          </span>
        ),
      )}
    </>
  );
}

/** Least share of the height between two names. */
const NAME_HEIGHT = 0.11;

/** Names at the ends of lines, the lowest first, each above the one before it. */
function apart(ends: readonly (readonly [label: string, share: number | null])[]): [string, number][] {
  const placed: [string, number][] = [];
  const known = ends.flatMap(([label, share]) => (share === null ? [] : [[label, share] as [string, number]]));
  for (const [label, share] of known.sort(([, one], [, other]) => one - other))
    placed.push([label, Math.max(share, (placed.at(-1)?.[1] ?? -1) + NAME_HEIGHT)]);
  return placed;
}

function Axis({ marks }: { marks: readonly (readonly [share: number, words: string])[] }) {
  return (
    <>
      {marks.map(([share, words]) => (
        <span key={share} class="axis muted small-text num" style={{ bottom: `${share * 100}%` }}>
          {words}
        </span>
      ))}
    </>
  );
}

/** So many moments stand below a chart. */
const HOURS = 6;

function Hours({ at, bucketMs }: Pick<TimeChartProps, "at" | "bucketMs">) {
  const step = Math.max(1, Math.ceil(at.length / HOURS));
  return (
    <div class="hours muted small-text num" aria-hidden="true">
      {at.map(
        (from, index) =>
          (at.length - 1 - index) % step === 0 && (
            <span key={from} style={{ left: `${((index + 0.5) / at.length) * 100}%` }}>
              {tick(from, bucketMs, zone())}
            </span>
          ),
      )}
    </div>
  );
}
