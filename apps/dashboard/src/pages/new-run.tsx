import type { DryRun } from "@prewarm/control-schema/warm";
import { useEffect, useMemo, useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { askedIn } from "../lib/any-url.ts";
import { errorOf } from "../lib/error-of.ts";
import { navigate, place } from "../lib/router.ts";
import { toRequest, type WarmInput } from "../lib/warm-input.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Card } from "../ui/card.tsx";
import { Empty } from "../ui/view.tsx";
import { DryRunCard } from "./dry-run-card.tsx";
import { NoImage } from "./no-image.tsx";
import { Pictures } from "./pictures.tsx";
import { WarmFields } from "./warm-fields.tsx";

const EMPTY: WarmInput = {
  ids: "",
  file: null,
  recipe: "upload",
  transforms: "",
  label: "",
  force: false,
  onlyMissing: true,
};
const PAUSE_MS = 500;

/** What a dry run said, of which input. */
interface Checked {
  input: WarmInput;
  answer: DryRun | null;
  error: string | null;
}

/** A run from pasted ids or a file; the button works once the dry run of just this input is here. */
export function NewRunPage() {
  const [input, setInput] = useState({ ...EMPTY, ids: place.value.searchParams.get("ids") ?? "" });
  const checked = useDryRun(input);
  const asked = useMemo(() => askedIn(input.ids), [input.ids]);
  // Each input has its own key, so that a second click, or one after a lost answer, joins the same run.
  const [key, setKey] = useState(() => crypto.randomUUID());
  if (!may("warm"))
    return <Empty title="Only operators who may warm start runs">Sign in with a token that may warm images.</Empty>;
  const change = (part: Partial<WarmInput>) => {
    setInput({ ...input, ...part });
    setKey(crypto.randomUUID());
  };
  const start = async () => {
    const request = toRequest(input);
    if (!request) throw new Error("Name at least one image.");
    const answer = await ask("POST /api/v1/warm", { ...request, idempotencyKey: key });
    if (!("run" in answer)) throw new Error("Nothing was enqueued.");
    navigate(`/runs/${encodeURIComponent(answer.run)}`);
    return `${answer.accepted} variants accepted.`;
  };
  // A run of nothing would only stand empty among the others.
  const ready = checked?.input === input && checked.answer !== null && checked.answer.jobs > 0;
  return (
    <>
      <header class="page-head">
        <div>
          <p class="crumbs muted small-text">
            <a href="/runs">Runs</a>
          </p>
          <h1>New run</h1>
        </div>
      </header>
      <div class="columns wide-left">
        <WarmFields input={input} change={change} />
        <Card title="What it would do" class="dry-run">
          <DryRunCard
            asked={toRequest(input) !== null}
            fresh={checked?.input === input}
            answer={checked?.answer ?? null}
            error={checked?.error ?? null}
          />
          <ActButton class="primary" disabled={!ready} act={start}>
            Start the run
          </ActButton>
        </Card>
      </div>
      {input.file === null && asked.length > 0 && <Pictures all={asked} />}
      {input.file === null && input.ids.trim() !== "" && toRequest(input) === null && <NoImage text={input.ids} />}
    </>
  );
}

/** Dry-runs an input when it has not changed for a moment. The answer to an older input is dropped. */
function useDryRun(input: WarmInput): Checked | null {
  const [checked, setChecked] = useState<Checked | null>(null);
  useEffect(() => {
    const request = toRequest(input);
    const stop = new AbortController();
    if (!request) return setChecked(null);
    const timer = setTimeout(async () => {
      try {
        const answer = await ask("POST /api/v1/warm", {
          ...request,
          query: { ...request.query, dryRun: "1" },
          signal: stop.signal,
        });
        if ("dryRun" in answer) setChecked({ input, answer, error: null });
      } catch (error) {
        if (!stop.signal.aborted) setChecked({ input, answer: null, error: errorOf(error).message });
      }
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [input]);
  return checked;
}
