import { ask } from "../api/session.ts";
import { ConfirmDialog } from "../ui/confirm-dialog.tsx";

/** Purging wants the image's id typed: it cannot be undone. */
export function PurgeDialog({ id, onClose }: { id: string; onClose(): void }) {
  const purge = async () => {
    const { state } = await ask("DELETE /api/v1/images/{id}", { params: { id } });
    return state === "done" ? "Purged." : "The purge is under way.";
  };
  return (
    <ConfirmDialog title="Purge this image" word={id} verb="Purge" act={purge} onClose={onClose}>
      <p>
        Every variant of it is removed from the store, and open jobs of it are cancelled. Edge caches follow within
        their life. The original stays, and the next viewer's miss makes a variant again.
      </p>
    </ConfirmDialog>
  );
}
