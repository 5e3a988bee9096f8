import type { EdgeCache as Purges } from "@prewarm/control-schema/edge-cache";
import { useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { plural } from "../lib/format.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { Time } from "../ui/time.tsx";

/** Purges of the edge's copies that wait, what went wrong with them, and a purge by hand. */
export function EdgeCache({ purges: { waiting, oldestAt, acceptedAt, error } }: { purges: Purges }) {
  const [of, setOf] = useState<"everything" | "signed" | null>(null);
  return (
    <section class="card" aria-labelledby="edge-cache">
      <h2 id="edge-cache">Edge cache</h2>
      <p>
        {waiting === 0 ? "No purge waits." : `${plural(waiting, "purge")} for the cache to take, due`}{" "}
        {waiting > 0 && oldestAt !== null && (
          <>
            <Time at={oldestAt} />.
          </>
        )}{" "}
        {acceptedAt !== null && (
          <>
            The cache last took one <Time at={acceptedAt} />.
          </>
        )}
      </p>
      {error !== null && (
        <p class="break">
          The last call failed <Time at={error.at} />: {error.text}
        </p>
      )}
      {may("purge") && (
        <p>
          <button type="button" onClick={() => setOf("signed")}>
            Purge signed URLs
          </button>{" "}
          <button type="button" class="danger-outline" onClick={() => setOf("everything")}>
            Purge everything
          </button>
        </p>
      )}
      {of !== null && <PurgeEdge of={of} onClose={() => setOf(null)} />}
    </section>
  );
}

function PurgeEdge({ of, onClose }: { of: "everything" | "signed"; onClose(): void }) {
  const purge = async () => {
    await ask("POST /api/v1/edge-cache/purge", { body: { of } });
    return "The purge is due.";
  };
  return (
    <ConfirmDialog title="Purge the edge's copies" word={of} verb="Purge" act={purge} onClose={onClose}>
      <p>
        {of === "signed"
          ? "Every copy of a signed URL ends, as after a key was taken back."
          : "Every copy of every variant ends."}{" "}
        Variants stay in R2, which the next views read.
      </p>
    </ConfirmDialog>
  );
}
