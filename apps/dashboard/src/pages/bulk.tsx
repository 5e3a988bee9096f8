import { effect } from "@preact/signals";
import type { ActionFilter } from "@prewarm/control-schema/actions";
import type { VNode } from "preact";
import { useLayoutEffect, useMemo, useState } from "preact/hooks";
import { isOperator, may } from "../api/session.ts";
import { count } from "../lib/format.ts";
import { describeFilter, OPEN, RETRYABLE } from "../lib/job-filter.ts";
import { keep, place, placeState } from "../lib/router.ts";
import { BulkDialog, type BulkKind } from "../ui/bulk-dialog.tsx";
import { createSelection, type Selection } from "../ui/selection.ts";

/** What to do with many jobs at once. */
export interface Bulk {
  kind: BulkKind;
  filter: ActionFilter;
  /** The filter in words, where its own would say little. */
  what?: string;
}

/** The ticked rows of a page, what can be done with them, and the dialog that does it. `done` follows when the dialog closes. */
export function useBulk(done: () => void): { selection: Selection; open(bulk: Bulk): void; controls: VNode } {
  const selection = useMemo(() => createSelection(placeState().ticked), []);
  const path = useMemo(() => place.peek().pathname, []);
  // What is ticked goes with the history entry, so that Back brings it back. At once: `useSignalEffect` waits for the next frame, and an
  // operator who goes on before it would lose the last ticks.
  useLayoutEffect(
    () =>
      effect(() => {
        const ticked = [...selection.ids.value];
        if (place.value.pathname === path) keep({ ticked });
      }),
    [selection, path],
  );
  const [bulk, open] = useState<Bulk | null>(null);
  const close = () => {
    open(null);
    selection.clear();
    done();
  };
  const controls = (
    <>
      <SelectionBar selection={selection} act={(kind, jobs) => open({ kind, filter: { jobs } })} />
      {bulk && (
        <BulkDialog
          kind={bulk.kind}
          filter={bulk.filter}
          what={bulk.what ?? describeFilter(bulk.filter)}
          onClose={close}
        />
      )}
    </>
  );
  return { selection, open, controls };
}

interface SelectionBarProps {
  selection: Selection;
  act(kind: Bulk["kind"], jobs: string[]): void;
}

/** What can be done with the ticked jobs; there only when some are. */
function SelectionBar({ selection, act }: SelectionBarProps) {
  const ids = [...selection.ids.value];
  if (ids.length === 0 || !isOperator.value) return null;
  return (
    <section class="row selection-bar" aria-label="Selected jobs">
      <b class="num">{count(ids.length)} selected</b>
      {may("retry") && selection.anyIn([...RETRYABLE, "retrying"]) && (
        <button type="button" class="primary" data-retry-selected onClick={() => act("retry", ids)}>
          Retry
        </button>
      )}
      {may("cancel") && selection.anyIn(OPEN) && (
        <button type="button" onClick={() => act("cancel", ids)}>
          Cancel
        </button>
      )}
      <button type="button" class="ghost" onClick={selection.clear}>
        Clear
      </button>
    </section>
  );
}
