import type { Image } from "@prewarm/control-schema/images";
import type { DryRun } from "@prewarm/control-schema/warm";
import { useState } from "preact/hooks";
import { order } from "../api/order.ts";
import type { Resource } from "../api/poll.ts";
import { ask, may, recipes } from "../api/session.ts";
import { useResource } from "../api/use-resource.ts";
import { count, money, plural } from "../lib/format.ts";
import { IMAGE_ACTS } from "../lib/image-acts.ts";
import { navigate, place } from "../lib/router.ts";
import { ActButton } from "../ui/act-button.tsx";
import { AskButton, ConfirmDialog } from "../ui/confirm-dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { View } from "../ui/view.tsx";
import { DryRunCard } from "./dry-run-card.tsx";

type ImageAct = keyof typeof IMAGE_ACTS;
const BUTTONS: readonly [ImageAct, string][] = [
  ["purge", "Purge…"],
  ["remove", "Remove…"],
];

interface ActsProps {
  image: Image;
  /** The version that is shown, and made. */
  v: string | null;
  /** What the chosen recipe lacks; null: the reader may not ask. */
  lack: Resource<DryRun | null>;
  recipe: string;
  setRecipe(recipe: string): void;
  changed(): void;
}

/** What makes and what deletes, each with what it does. `?do=purge` in the address opens its dialog; `changed` takes that away. */
export function ImageActs({ image, changed, ...warming }: ActsProps) {
  const { pathname, searchParams } = place.value;
  const allowed = BUTTONS.filter(([act]) => may(act));
  const asked = allowed.find(([act]) => act === searchParams.get("do"))?.[0];
  if (allowed.length === 0 && !may("warm")) return null;
  return (
    <section class="card" aria-label="What you can do">
      <ul class="choices lined">
        {may("warm") && <Warm image={image} changed={changed} {...warming} />}
        {allowed.map(([act, name]) => (
          <li key={act}>
            <button
              type="button"
              class="danger-outline"
              disabled={act === "purge" && image.variants.length === 0}
              onClick={() => navigate(`${pathname}?do=${act}`, { replace: true })}
            >
              {name}
            </button>
            <p class="muted">
              {act === "purge" && image.variants.length === 0 ? "Nothing is stored or ordered." : IMAGE_ACTS[act]}
            </p>
          </li>
        ))}
      </ul>
      {asked === "purge" && <PurgeDialog id={image.id} onClose={changed} />}
      {asked === "remove" && <RemoveDialog id={image.id} onClose={changed} />}
    </section>
  );
}

/** Makes what a recipe lacks, or all that there is once more. */
function Warm({ image, v, lack, recipe, setRecipe, changed }: ActsProps) {
  const item = { id: image.id, ...(v === null ? {} : { v }) };
  const own = image.variants.filter((one) => one.v === v).map(({ transform }) => transform);
  const transforms = [...new Set(own)].slice(0, 200);
  const warm = async (what: object, force: boolean) => {
    const said = await order([{ ...item, ...what }], { force, label: `${force ? "make again" : "warm"} ${image.id}` });
    changed();
    return said;
  };
  return (
    <li>
      <ActButton class="primary" disabled={lack.data.value?.jobs === 0} act={() => warm({ recipe }, false)}>
        Warm
      </ActButton>
      <div>
        <p class="muted">
          Makes what{" "}
          <select aria-label="Recipe" value={recipe} onChange={(event) => setRecipe(event.currentTarget.value)}>
            {recipes.value.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>{" "}
          lacks: {lackWords(lack)}
        </p>
        {transforms.length > 0 && (
          <AskButton
            name="Make all again…"
            class="small"
            title="Make all again"
            verb="Make all again"
            act={() => warm({ transforms }, true)}
          >
            <Cost item={{ ...item, transforms }} />
          </AskButton>
        )}
      </div>
    </li>
  );
}

function lackWords({ data, error }: Resource<DryRun | null>): string {
  const answer = data.value;
  if (answer === null) return error.value?.message ?? "…";
  const [refused] = answer.rejected;
  if (refused) return refused.message;
  if (answer.jobs === 0)
    return answer.duplicates > 0 ? "nothing, all is stored or under way." : "nothing, all is stored.";
  const price = answer.price === "unknown" ? "" : `, ${money(answer.price.amount)}`;
  return `${count(answer.jobs)} of ${count(answer.variants)}. ${plural(answer.jobs, "job")}${price}.`;
}

/** What making them anew would take, by a dry run. */
function Cost({ item }: { item: { id: string; v?: string; transforms: string[] } }) {
  const resource = useResource(
    item.id,
    (signal) => ask("POST /api/v1/warm", { query: { dryRun: "1" }, body: { items: [item], force: true }, signal }),
    null,
  );
  return (
    <View resource={resource} what="the price">
      {(answer) => ("dryRun" in answer ? <DryRunCard asked fresh answer={answer} error={null} /> : null)}
    </View>
  );
}

/** More letters nobody types: the last ones of the id stand for it. */
const TYPED_MAX = 80;
const wordOf = (id: string): string => (id.length > TYPED_MAX ? [...id].slice(-20).join("") : id);

/** Purging wants the image's id typed, or its end: it cannot be undone. */
function PurgeDialog({ id, onClose }: { id: string; onClose(): void }) {
  const purge = async () => {
    const { state } = await ask("DELETE /api/v1/images/{id}", { params: { id } });
    return state === "done" ? "Purged." : "Purging.";
  };
  return (
    <ConfirmDialog title="Purge this image" word={wordOf(id)} verb="Purge" act={purge} onClose={onClose}>
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
    <ConfirmDialog title="Remove this image" word={wordOf(id)} verb="Remove" act={remove} onClose={onClose}>
      <p>
        R2 loses everything that Prewarm has of this image, and the original if it is in a bucket of yours. An original
        on another server stays there: delete it yourself. No edge shows a copy later than 60 s from now. A browser that
        has the image may keep it for up to a year.
      </p>
      <p>The id is blocked until you lift the block: no view, hook or run makes the image again.</p>
      <TextField
        label={
          <>
            Reason <span class="muted">It stands in the receipt and in the audit log, so write no name into it.</span>
          </>
        }
        required
        pattern={".*\\S.*"}
        maxLength={500}
        value={reason}
        set={setReason}
      />
    </ConfirmDialog>
  );
}
