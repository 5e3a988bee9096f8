import type { PurgeTimeline as Purge } from "@prewarm/control-schema/images";
import { clock } from "../lib/live.ts";
import { Time } from "../ui/time.tsx";

/** What the last purge has done, and when the last old copy is gone: in R2, at edges, in browsers. */
export function PurgeTimeline({ purge }: { purge: Purge }) {
  const { orderedAt, storeDeletedAt, edgeUntil, browsersUntil, secondPass } = purge;
  return (
    <section class="card" aria-labelledby="purge-timeline">
      <h2 id="purge-timeline">Last purge</h2>
      <ol class="timeline">
        <li data-state="stored">
          <p>
            <b>Ordered</b> <Time at={orderedAt} />
          </p>
        </li>
        <Step name="R2" done={storeDeletedAt} words="deleted" waits="is being deleted" />
        <Until
          name="Edges"
          until={edgeUntil}
          more=" No edge shows one later than 60 s after the answer to the purge."
        />
        <Until
          name="Browsers"
          until={browsersUntil}
          more=" A page that asks with another v shows the new image at once."
        />
        <Step
          name="Second pass"
          done={secondPass.doneAt}
          words="done"
          waits="for results stored meanwhile"
          due={secondPass.dueAt}
        />
      </ol>
    </section>
  );
}

interface StepProps {
  name: string;
  done: number | null;
  words: string;
  waits: string;
  due?: number | null;
}

function Step({ name, done, words, waits, due = null }: StepProps) {
  return (
    <li data-state={done === null ? "processing" : "stored"}>
      <p>
        <b>{name}</b> {done === null ? waits : words} {done === null && due !== null && <Time at={due} />}
        {done !== null && <Time at={done} />}
      </p>
    </li>
  );
}

/** Old copies that nobody can delete: they end with their time. */
function Until({ name, until, more }: { name: string; until: number | null; more: string }) {
  const isOver = until !== null && until <= clock.value;
  return (
    <li data-state={isOver ? "stored" : "queued"}>
      <p>
        <b>{name}</b>{" "}
        {until === null ? (
          "may show old copies; until when is not known yet"
        ) : (
          <>
            {isOver ? "have had no old copy since" : "may show an old copy until"} <Time at={until} asClock />.
            {isOver ? "" : more}
          </>
        )}
      </p>
    </li>
  );
}
