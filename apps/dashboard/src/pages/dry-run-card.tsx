import type { DryRun } from "@prewarm/control-schema/warm";
import { count, size } from "../lib/format.ts";

interface DryRunCardProps {
  /** Something is asked for. */
  asked: boolean;
  /** True when the answer belongs to what the form holds now. */
  fresh: boolean;
  answer: DryRun | null;
  error: string | null;
}

/** The dry run's counts, download and price. While they are missing, the reason. */
export function DryRunCard({ asked, fresh, answer, error }: DryRunCardProps) {
  if (!asked)
    return (
      <p class="muted">
        Paste ids or drop a file. Before anything is enqueued, this shows how many jobs it takes and what they cost.
      </p>
    );
  if (!fresh) return <p class="muted">Counting…</p>;
  if (error !== null) return <p class="strip bad">{error}</p>;
  return answer && <Numbers answer={answer} />;
}

function Numbers({ answer }: { answer: DryRun }) {
  const about = answer.exact ? "" : "about ";
  const rows: [string, string][] = [
    ["Images", count(answer.images)],
    ["Variants", count(answer.variants)],
    ["Already stored", count(answer.existing)],
    ["Already under way", count(answer.duplicates)],
    ["Ittybit jobs", `${about}${count(answer.jobs)}`],
    ["Download from the source", answer.downloadBytes === null ? "unknown" : `about ${size(answer.downloadBytes)}`],
    ["Price", priceOf(answer)],
  ];
  return (
    <>
      <dl class="facts lined tight">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt class="muted">{name}</dt>
            <dd class="num">{value}</dd>
          </div>
        ))}
      </dl>
      {answer.downloadBytes !== null && (
        <p class="muted small-text">
          Estimated from {count(answer.sampled)} originals; each is downloaded once, for all its jobs.
        </p>
      )}
      <Rejected answer={answer} />
    </>
  );
}

function priceOf({ price }: DryRun): string {
  return price === "unknown"
    ? "unknown (budget.per1000Jobs is not set)"
    : `${price.amount.toFixed(2)} (${price.per1000Jobs} per 1,000 jobs)`;
}

function Rejected({ answer }: { answer: DryRun }) {
  if (answer.rejectedTotal === 0) return null;
  return (
    <details open>
      <summary>{count(answer.rejectedTotal)} not accepted</summary>
      <ul>
        {answer.rejected.slice(0, 20).map((one) => (
          <li key={one.index} class="row-error small-text break">
            Item {one.index + 1}: {one.message}
          </li>
        ))}
      </ul>
    </details>
  );
}
