import { useState } from "preact/hooks";
import { zone } from "../lib/time-style.ts";
import { type Column, Table } from "../ui/table.tsx";
import { type TimeChartProps, tickBoth } from "./series.ts";

/** The same numbers as text, the newest first: for who does not see the lines, and for who wants one of them. */
export function ChartTable({ title, at, bucketMs, lines, format }: TimeChartProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="as-table" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        As a table<span class="visually-hidden">: {title}</span>
      </summary>
      {open && (
        <Table
          label={`${title}, as a table`}
          rows={at.map((_, index) => index).reverse()}
          keyOf={String}
          columns={[
            ["From", (index) => tickBoth(at[index] ?? 0, bucketMs, zone())],
            ...lines.map(({ label, values }): Column<number> => [label, (index) => format(values[index] ?? null)]),
          ]}
        />
      )}
    </details>
  );
}
