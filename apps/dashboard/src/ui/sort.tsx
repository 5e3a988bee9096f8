import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

type Value = string | number | null;

/** By which column rows are sorted; null: in the server's order. */
interface Order {
  column: string;
  isDown: boolean;
}

export interface Sort {
  order: Order | null;
  turn(column: string): void;
}

/** Rows in an order that the reader chooses. It sorts the rows that are shown; those of other pages stay there. */
export function useSort<T>(
  rows: readonly T[],
  columns: Record<string, (row: T) => Value>,
): [rows: readonly T[], sort: Sort] {
  const [order, setOrder] = useState<Order | null>(null);
  // The largest first, then the smallest, then the server's order again.
  const turn = (column: string) =>
    setOrder(order?.column !== column ? { column, isDown: true } : order.isDown ? { column, isDown: false } : null);
  const of = order === null ? undefined : columns[order.column];
  if (order === null || of === undefined) return [rows, { order, turn }];
  const sorted = rows.toSorted((a, b) => compare(of(a), of(b)));
  return [order.isDown ? sorted.reverse() : sorted, { order, turn }];
}

function compare(a: Value, b: Value): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

interface SortHeadProps {
  column: string;
  sort: Sort;
  right?: boolean;
  children: ComponentChildren;
}

/** Heads of columns by which a table can be sorted; of `right` ones the cells are numbers. */
export function SortHeads({ of, right, sort }: { of: Record<string, string>; right: readonly string[]; sort: Sort }) {
  return Object.entries(of).map(([column, words]) => (
    <SortHead key={column} column={column} sort={sort} right={right.includes(column)}>
      {words}
    </SortHead>
  ));
}

/** The head of a column by which its table can be sorted. */
export function SortHead({ column, sort: { order, turn }, right, children }: SortHeadProps) {
  const mine = order?.column === column ? (order.isDown ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" class={right ? "right" : undefined} aria-sort={mine}>
      <button type="button" class="sort" onClick={() => turn(column)}>
        {children}
        <span aria-hidden="true">{mine === undefined ? "" : mine === "descending" ? " ↓" : " ↑"}</span>
      </button>
    </th>
  );
}
