import type { ComponentChildren } from "preact";
import { ScrollBox } from "./scroll-box.tsx";
import { type Sort, SortHead } from "./sort.tsx";

/** A column: its head and its cells. `sort`: the name by which its table is sorted; without it, it is not. Numbers stand on the right. */
export type Column<T> = [head: ComponentChildren, cell: (row: T) => ComponentChildren, sort?: string | undefined];

interface TableProps<T> {
  label: string;
  rows: readonly T[];
  keyOf(row: T): string;
  /** Words instead of numbers: they stand on the left and may break; on a phone each row is a paragraph. */
  isOfText?: boolean;
  /** The first one names the row. */
  columns: readonly Column<T>[];
  sort?: Sort;
}

/** A table by name. */
export function Table<T>({ label, rows, keyOf, columns, sort, isOfText = false }: TableProps<T>) {
  const cells = isOfText ? "break" : "right num";
  return (
    <ScrollBox label={label}>
      <table class={isOfText ? "rows" : "figures"}>
        <thead>
          <tr>
            {columns.map(([head, , name], at) =>
              sort !== undefined && name !== undefined ? (
                <SortHead key={name} column={name} sort={sort} right={at > 0 && !isOfText}>
                  {head}
                </SortHead>
              ) : (
                <th key={name ?? at} scope="col" class={at > 0 && !isOfText ? "right" : undefined}>
                  {head}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(([, cell], at) =>
                at === 0 ? (
                  <th key={at} scope="row" class="break">
                    {cell(row)}
                  </th>
                ) : (
                  <td key={at} class={cells}>
                    {cell(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
