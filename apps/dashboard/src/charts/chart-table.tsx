import { useState } from "preact/hooks";
import { zone } from "../lib/time-style.ts";
import { ScrollBox } from "../ui/scroll-box.tsx";
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
        <ScrollBox label={`${title}, as a table`}>
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {lines.map(({ label }) => (
                  <th key={label} scope="col" class="right">
                    {label}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {at
                .map((when, index) => (
                  <tr key={when}>
                    <th scope="row" class="num nowrap">
                      {tickBoth(when, bucketMs, zone())}
                    </th>
                    {lines.map(({ label, values }) => (
                      <td key={label} class="right num nowrap">
                        {format(values[index] ?? null)}
                      </td>
                    ))}
                  </tr>
                ))
                .reverse()}
            </tbody>
          </table>
        </ScrollBox>
      )}
    </details>
  );
}
