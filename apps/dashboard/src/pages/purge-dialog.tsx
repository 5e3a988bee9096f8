import { ask } from "../api/session.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";

/** Purging wants the image's id typed: it cannot be undone. */
export function PurgeDialog({ id, onClose }: { id: string; onClose(): void }) {
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
