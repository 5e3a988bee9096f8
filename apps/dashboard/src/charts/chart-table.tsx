import { useState } from "preact/hooks";
import { zone } from "../lib/time-style.ts";
import { type Column, Table } from "../ui/table.tsx";
import { type Line, tickBoth } from "./series.ts";

export interface ChartTableProps {
  title: string;
  /** Starts of the buckets, Unix ms, oldest first. */
  at: readonly number[];
  bucketMs: number;
  /** Bars from 0, or lines of durations over a logarithmic axis. */
  lines: readonly Line[];
  format(value: number | null): string;
  /** The jobs of a time, Unix ms; `end` is not in it. */
  hrefOf(from: number, end: number): string;
}

/** The same numbers as text, the newest first: for who does not see the chart, and for who wants one of them. Each leads to its jobs. */
export function ChartTable({ title, at, bucketMs, lines, format, hrefOf }: ChartTableProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="as-table small-text" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        As a table<span class="visually-hidden">: {title}</span>
      </summary>
      {open && (
        <Table
          label={`${title}, as a table`}
          rows={at.map((_, index) => index).reverse()}
          keyOf={String}
          columns={[
            ["From", (index) => <From at={at[index] ?? 0} bucketMs={bucketMs} hrefOf={hrefOf} />],
            ...lines.map(({ label, values }): Column<number> => [label, (index) => format(values[index] ?? null)]),
          ]}
        />
      )}
    </details>
  );
}

function From({ at, bucketMs, hrefOf }: { at: number } & Pick<ChartTableProps, "bucketMs" | "hrefOf">) {
  return <a href={hrefOf(at, at + bucketMs)}>{tickBoth(at, bucketMs, zone())}</a>;
}
