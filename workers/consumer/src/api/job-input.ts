import type { Job } from "@prewarm/control-schema/jobs";
import { resolveOriginal } from "@prewarm/shared/source";
import { versionOfKey } from "@prewarm/shared/variant-key";
import type { FoundJob } from "../ledger/calls.ts";
import { findStaged } from "../store/staged.ts";
import type { ApiDeps } from "./deps.ts";

const OWN = "Ittybit reads the original at its own address";

/** Where the engine reads the original of a job, and why, in a sentence. Null: nothing is known of it. */
export async function jobInput(
  { id, key, lane, state, attempts }: Job,
  staging: FoundJob["staging"],
  { config, bucket, unstaged }: Pick<ApiDeps, "config" | "bucket" | "unstaged">,
): Promise<string | null> {
  const kind = resolveOriginal(config, id)?.kind;
  if (kind === undefined) return null;
  if (kind === "bucket")
    return "Ittybit reads the original at a signed address of the edge, because it is in a bucket.";
  if (unstaged !== null) return `${OWN}, because ${unstaged}.`;
  if (lane === "live" || staging === null) return `${OWN}, because a viewer waits and a copy would take time.`;
  const staged = await findStaged(bucket, { id, v: versionOfKey(key), number: staging.number });
  if (staged?.kind === "unstaged") return `${OWN}, because the original could not be staged. ${staged.why}`;
  if (staged?.kind === "bytes" && attempts === 0)
    return "Ittybit reads staged bytes at a signed address of the edge, as for all jobs that were ordered together.";
  if (staged?.kind === "bytes") return `${OWN} if it is still the same, because an attempt has failed.`;
  if (state !== "queued" && state !== "retrying" && state !== "processing") return null;
  return staging.shared
    ? "The original is staged before its jobs are made, so that its origin sends it once."
    : `${OWN}, because no other open job was ordered together with this one.`;
}
