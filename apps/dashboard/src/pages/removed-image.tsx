import type { Answer } from "@prewarm/control-schema/calls";
import { receiptFile } from "@prewarm/control-schema/receipt-file";
import type { RemovalReceipt } from "@prewarm/control-schema/removal";
import { ask, may } from "../api/session.ts";
import { exactUtc, plural, relative, size } from "../lib/format.ts";
import { clock } from "../lib/live.ts";
import { Card } from "../ui/card.tsx";
import { AskButton } from "../ui/confirm-dialog.tsx";
import { Fact } from "../ui/fact.tsx";
import { SaveButton } from "../ui/save-button.tsx";
import { Time, Until } from "../ui/time.tsx";

/** The receipt of a removal so far, and its signature. */
export type Removal = Answer<"GET /api/v1/images/{id}/removal">;

/** A removed image: who removed it and why, when its last copy is gone, its receipt, and the end of its block. */
export function RemovedImage({ removal, changed }: { removal: Removal; changed(): void }) {
  const { by, reason, orderedAt } = removal.receipt;
  return (
    <div class="columns">
      <figure class="stack plate title break num">
        <p>
          Removed <Time at={orderedAt} asClock /> by <bdi>{by}</bdi>, <bdi>{reason}</bdi>
        </p>
        <p>{exactUtc(orderedAt)}</p>
      </figure>
      <div>
        <Steps receipt={removal.receipt} />
        <Acts removal={removal} changed={changed} />
        <Facts receipt={removal.receipt} />
      </div>
    </div>
  );
}

/** When each place has lost its last copy. */
function Steps({ receipt }: { receipt: RemovalReceipt }) {
  const { edgeUntil, browsersUntil, orderedAt } = receipt;
  const emptied = emptiedAt(receipt);
  const until = { since: orderedAt, waits: "not known yet" };
  return (
    <Card title="Until the last copy is gone">
      <ol class="steps num">
        <Step name={emptied === null ? "R2" : "R2 empty"} at={emptied} since={orderedAt} waits="is being emptied" />
        <Step name="Edges" at={edgeUntil} {...until} />
        <Step name="Browsers" at={browsersUntil} {...until} />
      </ol>
    </Card>
  );
}

/** Since when R2 has nothing of the image; null: objects are left, or nobody has looked yet. */
function emptiedAt({ objects, checks }: RemovalReceipt): number | null {
  if (objects.some(({ deletedAt }) => deletedAt === null)) return null;
  return (checks.findLast(({ found }) => found > 0) ?? checks[0])?.at ?? null;
}

interface StepProps {
  name: string;
  /** When it is over; null: not known. */
  at: number | null;
  /** When it began. */
  since: number;
  /** What stands there while `at` is not known. */
  waits: string;
}

function Step({ name, at, since, waits }: StepProps) {
  const now = clock.value;
  const isOver = at !== null && at <= now;
  const share = at === null ? 0 : isOver ? 1 : (now - since) / (at - since);
  return (
    <li>
      <progress aria-hidden="true" value={share} />
      <b>
        {name}
        {isOver && " ✓"}
      </b>
      <p class="muted small-text">
        {at === null ? (
          waits
        ) : (
          <>
            {isOver ? <Time at={at} asClock /> : <Until at={at} />}
            {!isOver && `, ${relative(at, now)}`}
          </>
        )}
      </p>
    </li>
  );
}

function Acts({ removal: { receipt, signature }, changed }: { removal: Removal; changed(): void }) {
  const { removed: id, complete, completeAt } = receipt;
  const when = completeAt === null ? "at a time that is not known yet" : <Time at={completeAt} asClock />;
  const lift = async () => {
    await ask("POST /api/v1/images/{id}/unblock", { params: { id } });
    return "The block is lifted.";
  };
  return (
    <section class="card" aria-label="Receipt and block">
      <ul class="choices lined">
        <li>
          <SaveButton class="primary" name={fileName(id)} text={receiptFile(receipt, signature)}>
            Download the receipt
          </SaveButton>
          <p class="muted">
            Signed.{" "}
            {complete ? (
              <>Complete since {when}.</>
            ) : (
              <>It says “not complete” until the last look at R2, due {when}: download it again then.</>
            )}
          </p>
        </li>
        {may("remove") && (
          <li>
            <AskButton name="Lift the block…" title="Lift the block" verb="Lift the block" act={lift} closed={changed}>
              <p>
                Views, hooks and runs may make variants of this image again, if they find an original. What was deleted
                does not come back. The receipt is forgotten: download it first. The audit log keeps the removal and its
                end.
              </p>
            </AskButton>
            <p class="muted">The image may be made again, and the receipt is forgotten: download it first.</p>
          </li>
        )}
      </ul>
    </section>
  );
}

/** `receipt-u-7f3c91.jpg.txt`: the last 100 letters of the id. */
function fileName(id: string): string {
  return `receipt-${id.replaceAll("/", "-").slice(-100)}.txt`;
}

function Facts({ receipt }: { receipt: RemovalReceipt }) {
  const { edgeUntil, objects, more, jobs, focal } = receipt;
  const isShown = edgeUntil === null || edgeUntil > clock.value;
  const gone = objects.filter(({ deletedAt }) => deletedAt !== null);
  const bytes = gone.reduce((sum, one) => sum + one.bytes, 0);
  // A name in a bucket of the site stands behind the bucket's binding and a blank.
  const hadOriginal = gone.some(({ name }) => name.includes(" "));
  const deleted = [
    `${plural(gone.length + more, "object")} in R2, ${more > 0 ? "more than " : ""}${size(bytes)}`,
    ...(hadOriginal ? ["the original among them"] : []),
    plural(jobs, "job"),
    ...(focal ? ["the focal point"] : []),
  ];
  return (
    <section class="card" aria-label="Facts">
      <dl class="facts lined num">
        <Fact name="Viewers get now">
          410, or the redirect to <code>removedUrl</code>
          {isShown && ". An edge may still show a copy"}
        </Fact>
        <Fact name="Deleted">{deleted.join(", ")}</Fact>
        <Fact name="Blocked for">views, hooks, runs and restores</Fact>
        <Fact name="Not deleted">
          an original that is not in a bucket of yours; inputs and results at Ittybit; placeholders that your pages
          contain
        </Fact>
      </dl>
    </section>
  );
}
