import type { Action, ActionFilter, ActionPreview } from "@prewarm/control-schema/actions";
import { useEffect, useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { errorOf } from "../lib/error-of.ts";
import { count, plural } from "../lib/format.ts";
import { ActionProgress } from "./action-progress.tsx";
import { Dialog } from "./dialog.tsx";
import { Check, TextField, TypedWord } from "./fields.tsx";

export type BulkKind = "retry" | "cancel";
const VERBS: Record<BulkKind, string> = { retry: "Retry", cancel: "Cancel" };

interface BulkDialogProps {
  kind: BulkKind;
  filter: ActionFilter;
  /** What the filter means in words: "dead jobs of upstream_failed". */
  what: string;
  onClose(): void;
}

/** Who cancels more jobs than this has to type the word. */
const TYPED_ABOVE = 100;
const DEFAULT_RATE = 100;
/** Jobs that are tried before all the others. */
const CANARY = 5;

/** Acts on all that match: says how many before, shows progress after. The filter is frozen by the server. */
export function BulkDialog({ kind, filter, what, onClose }: BulkDialogProps) {
  const [preview, setPreview] = useState<ActionPreview | null>(null);
  const [action, setAction] = useState<Action | null>(null);
  const [error, setError] = useState<string | null>(null);
  const attempt = (work: () => Promise<void>) => {
    setError(null);
    work().catch((reason: unknown) => setError(errorOf(reason).message));
  };
  // Counted once, when it opens
  useEffect(
    () =>
      attempt(async () => {
        const answer = await ask("POST /api/v1/actions", { body: { action: kind, filter, dryRun: true } });
        if ("dryRun" in answer) setPreview(answer);
      }),
    [],
  );
  const start = (rate: number | null, canary: boolean) =>
    attempt(async () => {
      // What began to match since is left alone: the operator has agreed to this many.
      const agreed = preview?.exact ? { agreed: { at: preview.at, total: preview.total } } : {};
      const body = {
        action: kind,
        filter,
        ...agreed,
        ...(rate ? { rate } : {}),
        ...(canary ? { canary: CANARY } : {}),
      };
      const answer = await ask("POST /api/v1/actions", { body });
      if ("action" in answer) setAction(answer);
    });
  return (
    <Dialog title={`${VERBS[kind]} all that match`} onClose={onClose}>
      <p class="muted">{what}</p>
      {error && (
        <p class="strip bad" role="alert">
          {error}
        </p>
      )}
      {action ? (
        <ActionProgress action={action} />
      ) : preview ? (
        <Confirm kind={kind} preview={preview} start={start} />
      ) : (
        !error && <p role="status">Counting…</p>
      )}
    </Dialog>
  );
}

interface ConfirmProps {
  kind: BulkKind;
  preview: ActionPreview;
  start(rate: number | null, canary: boolean): void;
}

function Confirm({ kind, preview, start }: ConfirmProps) {
  const [canary, setCanary] = useState(true);
  const hasCanary = kind === "retry" && preview.total > CANARY;
  const [rate, setRate] = useState(DEFAULT_RATE);
  const [typed, setTyped] = useState("");
  const wantsWord = kind === "cancel" && (preview.total > TYPED_ABOVE || !preview.exact);
  if (preview.total === 0 && preview.exact) return <p>Nothing matches any more. Close this and look again.</p>;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        start(kind === "retry" ? rate : null, hasCanary && canary);
      }}
    >
      <p>
        <b class="title num">{preview.exact ? count(preview.total) : `${count(preview.total)} or more`}</b>{" "}
        {preview.total === 1 ? "job" : "jobs"}
      </p>
      {kind === "retry" && <RateField total={preview.total} rate={rate} set={setRate} />}
      {hasCanary && (
        <Check checked={canary} set={setCanary}>
          Try {CANARY} first, and continue only when these are stored
        </Check>
      )}
      {kind === "cancel" && (
        <p>
          Variants that another run waits for are still made. Jobs already at Ittybit finish there and are paid for;
          their results are discarded.
        </p>
      )}
      {wantsWord && <TypedWord word="cancel" typed={typed} set={setTyped} />}
      <button type="submit" class={kind === "cancel" ? "danger" : "primary"} disabled={wantsWord && typed !== "cancel"}>
        {VERBS[kind]} {preview.exact ? plural(preview.total, "job") : "all that match"}
      </button>
    </form>
  );
}

function RateField({ total, rate, set }: { total: number; rate: number; set(rate: number): void }) {
  return (
    <TextField
      label="Jobs a second"
      type="number"
      min={1}
      max={10_000}
      required
      value={String(rate || "")}
      set={(text) => set(Number(text))}
    >
      <small class="muted">
        About {Math.max(1, Math.ceil(total / Math.max(rate, 1)))} s. The gate's rate applies as well.
      </small>
    </TextField>
  );
}
