import type { Run } from "@prewarm/control-schema/runs";
import type { Lane } from "@prewarm/control-schema/words";
import { ask, may } from "../api/session.ts";
import { useStats, waitedMs } from "../api/stats.tsx";
import { useResource } from "../api/use-resource.ts";
import { count, duration } from "../lib/format.ts";
import type { Steered } from "../lib/gate-draft.ts";
import { LANES } from "../lib/job-filter.ts";
import { DoneAt } from "../ui/done-at.tsx";
import { TextField } from "../ui/fields.tsx";
import { useFocusOf } from "../ui/focus-of.ts";
import { Segments } from "../ui/segments.tsx";
import { Said, Then } from "../ui/time.tsx";
import { TurnButton } from "../ui/turn-button.tsx";

const FROM: Record<Lane, string> = { live: "viewers' misses", upload: "from the CMS", bulk: "runs, warming" };
/** Runs of a lane that stand in their order. */
const RUNS = 4;
const RUNS_EVERY_MS = 10_000;

/** A row for each lane: its switch, what waits and why, and the order of its runs. */
export function LaneRows(props: Steered) {
  useFocusOf("pause");
  const query = { state: "open", limit: 50 } as const;
  const runs = useResource("open", (signal) => ask("GET /api/v1/runs", { query, signal }), RUNS_EVERY_MS);
  return (
    <section class="card lined" id="pause" aria-label="Lanes">
      <div class="lane-row muted small-text" aria-hidden="true">
        <span>Lane</span>
        <span>What waits, and why</span>
        <span>Order: first, then in turn</span>
      </div>
      {LANES.map((lane) => (
        <LaneRow
          key={lane}
          {...props}
          lane={lane}
          runs={(runs.data.value?.runs ?? []).filter((run) => run.lane === lane)}
          refresh={runs.refresh}
        />
      ))}
    </section>
  );
}

interface LaneRowProps extends Steered {
  lane: Lane;
  runs: readonly Run[];
  refresh(): Promise<void>;
}

function LaneRow({ lane, gate, draft, set, runs, refresh }: LaneRowProps) {
  const isPaused = gate.paused[lane];
  const willPause = (draft[lane] ?? String(isPaused)) === "true";
  const word = willPause === isPaused ? (isPaused ? "paused" : "on") : willPause ? "will pause" : "will go on";
  const flip = (isOn: boolean) => {
    if (!isOn && draft.hours === undefined) set("hours", HOUR);
    set(lane, String(!isOn));
  };
  return (
    <section class="lane-row" aria-label={lane} data-paused={willPause}>
      <div class="row">
        {may("pause") && (
          <input
            type="checkbox"
            role="switch"
            aria-label={`Lane ${lane}`}
            checked={!willPause}
            aria-checked={!willPause}
            onChange={(event) => flip(event.currentTarget.checked)}
          />
        )}
        <p>
          <b>{lane}</b> <span class="small-text">{word}</span>
          <br />
          <span class="muted small-text">{FROM[lane]}</span>
        </p>
      </div>
      <Why lane={lane} gate={gate} />
      {lane === "live" ? (
        <p class="muted small-text">As viewers ask: the longest waiting first. No runs here.</p>
      ) : (
        <Order runs={runs} refresh={refresh} />
      )}
      {willPause && !isPaused && <PauseFields draft={draft} set={set} />}
    </section>
  );
}

/** Reasons whose own sentence has their end. The reason of the breaker stands above all lanes. */
const SAYS_END = new Set(["paused", "budget", "restored", "origin"]);

/** How many wait, and every reason of the gate that holds them. */
function Why({ lane, gate }: { lane: Lane } & Pick<Steered, "gate">) {
  const stats = useStats().data.value;
  const reasons = gate.reasons.filter((one) => one.lane === lane || one.lane === null);
  const { queued = 0, retrying = 0 } = stats?.lanes[lane] ?? {};
  const oldest = stats ? waitedMs(stats, lane) : null;
  return (
    <div class="small-text break">
      <p>
        <span class="title num">{count(queued + retrying)}</span> wait
        {oldest !== null && `, the oldest ${duration(oldest)}`}
      </p>
      {reasons.map(({ code, message, until }) => (
        <p key={code}>
          <Said>{code === "breaker" ? "The breaker is open." : message}</Said>{" "}
          <Then words="Until" at={SAYS_END.has(code) ? null : until} asClock />
        </p>
      ))}
      {reasons.length === 0 && <p class="muted">Nothing is held.</p>}
    </div>
  );
}

const HOUR = "1";
const ENDS = [
  [HOUR, "1 h"],
  ["4", "4 h"],
  ["12", "12 h"],
  ["", "no end"],
] as const;

function PauseFields({ draft, set }: Pick<Steered, "draft" | "set">) {
  return (
    <div class="row pause-fields">
      <TextField
        label="Reason (optional)"
        class="grow"
        maxLength={200}
        value={draft.reason ?? ""}
        set={(text) => set("reason", text)}
      />
      <Segments
        label="Pause for"
        of={ENDS}
        chosen={ENDS.find(([hours]) => hours === draft.hours)?.[0] ?? ""}
        choose={(hours) => set("hours", hours)}
      />
    </div>
  );
}

/** The runs of a lane: those that go first, in their order, then the others, which take turns. */
function Order({ runs, refresh }: Pick<LaneRowProps, "runs" | "refresh">) {
  if (runs.length === 0) return <p class="muted small-text">No open run.</p>;
  const first = runs.filter((run) => run.first !== null).sort((a, b) => (a.first ?? 0) - (b.first ?? 0));
  const others = runs.filter((run) => run.first === null);
  const shown = [...first, ...others].slice(0, RUNS);
  return (
    <ol class="order">
      {shown.map((run, index) => (
        <li key={run.run} data-turns={index === first.length && index > 0}>
          <span class="small-text muted num">{run.first === null ? "" : index + 1}</span>
          <a class="clip" href={`/runs/${encodeURIComponent(run.run)}`}>
            {run.label ?? run.run}
          </a>
          <span class="num muted small-text">
            <span class="visually-hidden">jobs that wait: </span>
            {count(run.pace.jobsLeft)}
          </span>
          <span class="num small-text">
            <DoneAt pace={{ ...run.pace, doneBetween: null }} />
          </span>
          <TurnButton run={run} changed={refresh} />
        </li>
      ))}
      {runs.length > RUNS && (
        <li>
          <span />
          <a href="/runs?state=open">and {runs.length - RUNS} more</a>
        </li>
      )}
    </ol>
  );
}
