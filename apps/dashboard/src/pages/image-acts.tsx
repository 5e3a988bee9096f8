import { useState } from "preact/hooks";
import { ask, may } from "../api/session.ts";
import { IMAGE_ACTS } from "../lib/image-acts.ts";
import { navigate, place } from "../lib/router.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";

type ImageAct = keyof typeof IMAGE_ACTS;
const BUTTONS: readonly [ImageAct, string][] = [
  ["purge", "Purge…"],
  ["remove", "Remove…"],
];

/** What deletes: each act with its sentence. `?do=purge` in the address opens its dialog; `changed` takes that away. */
export function ImageActs({ id, changed }: { id: string; changed(): void }) {
  const { pathname, searchParams } = place.value;
  const allowed = BUTTONS.filter(([act]) => may(act));
  const asked = allowed.find(([act]) => act === searchParams.get("do"))?.[0];
  if (allowed.length === 0) return null;
  return (
    <section class="card" aria-label="Purge or remove">
      <ul class="choices">
        {allowed.map(([act, name]) => (
          <li key={act}>
            <button
              type="button"
              class="danger-outline"
              onClick={() => navigate(`${pathname}?do=${act}`, { replace: true })}
            >
              {name}
            </button>
            <p class="muted">{IMAGE_ACTS[act]}</p>
          </li>
        ))}
      </ul>
      {asked === "purge" && <PurgeDialog id={id} onClose={changed} />}
      {asked === "remove" && <RemoveDialog id={id} onClose={changed} />}
    </section>
  );
}

/** Purging wants the image's id typed: it cannot be undone. */
function PurgeDialog({ id, onClose }: { id: string; onClose(): void }) {
  const purge = async () => {
    const { state } = await ask("DELETE /api/v1/images/{id}", { params: { id } });
    return state === "done" ? "Purged." : "Purging.";
  };
  return (
    <ConfirmDialog title="Purge this image" word={id} verb="Purge" act={purge} onClose={onClose}>
      <p>
        R2 loses every variant of it now, and its open jobs are cancelled. No edge shows an old copy later than 60 s
        from now. A browser that has the image may keep it for up to a year, unless the page asks with another v. The
        original stays, and the next view makes a variant again.
      </p>
    </ConfirmDialog>
  );
}

/** Removing wants a reason too, for the receipt. */
function RemoveDialog({ id, onClose }: { id: string; onClose(): void }) {
  const [reason, setReason] = useState("");
  const remove = async () => {
    await ask("POST /api/v1/images/{id}/remove", { params: { id }, body: { reason } });
    return "Removed and blocked.";
  };
  return (
    <ConfirmDialog title="Remove this image" word={id} verb="Remove" act={remove} onClose={onClose}>
      <p>
        R2 loses everything that Prewarm has of this image, and the original if it is in a bucket of yours. An original
        on another server stays there: delete it yourself. No edge shows a copy later than 60 s from now. A browser that
        has the image may keep it for up to a year.
      </p>
      <p>The id is blocked until you lift the block: no view, hook or run makes the image again.</p>
      <label class="field">
        <span>
          Reason <span class="muted">It stands in the receipt and in the audit log, so write no name into it.</span>
        </span>
        <input
          type="text"
          required
          pattern=".*\S.*"
          maxLength={500}
          autocomplete="off"
          value={reason}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
    </ConfirmDialog>
  );
}
