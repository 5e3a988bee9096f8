import { count } from "../format.ts";
import { isOperator } from "../session.ts";
import type { Selection } from "../ui/selection.ts";

/** What can be done with the ticked jobs; there only when some are. */
export function SelectionBar({
  selection,
  act,
}: {
  selection: Selection;
  act(kind: "retry" | "cancel", jobs: string[]): void;
}) {
  const ids = [...selection.ids.value];
  if (ids.length === 0 || !isOperator.value) return null;
  return (
    <section class="selection-bar" aria-label="Selected jobs">
      <b class="num">{count(ids.length)} selected</b>
      <button type="button" class="primary" data-retry-selected onClick={() => act("retry", ids)}>
        Retry
      </button>
      <button type="button" onClick={() => act("cancel", ids)}>
        Cancel
      </button>
      <button type="button" class="ghost" onClick={selection.clear}>
        Clear
      </button>
    </section>
  );
}
