import { useState } from "preact/hooks";
import { naming, removeView, saveView, VIEW_NAME_MAX, views } from "../lib/views.ts";
import { Dialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";

/** The operator's own filters by name; `here` is the address that would be saved. */
export function SavedViews({ here }: { here: string }) {
  return (
    <section class="views" aria-labelledby="views">
      <h2 id="views" class="muted small-text">
        Views
      </h2>
      <ul>
        {views.value.map(({ name, url }) => (
          <li key={name} class="row">
            <a class="grow clip" href={url} aria-current={url === here ? "true" : undefined}>
              {name}
            </a>
            <button
              type="button"
              class="ghost small"
              aria-label={`Remove the view ${name}`}
              onClick={() => removeView(name)}
            >
              ✕
            </button>
          </li>
        ))}
        <li>
          <button
            type="button"
            class="small"
            onClick={() => {
              naming.value = here;
            }}
          >
            Save this view…
          </button>
        </li>
      </ul>
    </section>
  );
}

/** Asks for a name and saves an address under it. */
export function NameDialog({ url }: { url: string }) {
  const [name, setName] = useState("");
  const onClose = () => {
    naming.value = null;
  };
  return (
    <Dialog title="Save this view" onClose={onClose}>
      <p class="mono break">{url}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          saveView({ name: name.trim(), url });
          onClose();
        }}
      >
        <TextField label="Name" required maxLength={VIEW_NAME_MAX} value={name} set={setName}>
          <small class="muted">It is kept in this browser, and is found by Ctrl K.</small>
        </TextField>
        <button type="submit" class="primary" disabled={name.trim() === ""}>
          Save
        </button>
      </form>
    </Dialog>
  );
}
