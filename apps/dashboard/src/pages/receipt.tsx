import { receiptFile } from "@prewarm/control-schema/receipt-file";
import type { MissingVariant, Receipt, ReceiptPage } from "@prewarm/control-schema/receipts";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api/session.ts";
import { count, plural } from "../lib/format.ts";
import { imageUrl } from "../lib/paths.ts";
import { transformWords } from "../lib/transform-words.ts";
import { ActButton } from "../ui/act-button.tsx";
import { Card } from "../ui/card.tsx";
import { SaveButton } from "../ui/save-button.tsx";
import { Time } from "../ui/time.tsx";

/** Missing variants that the page lists; the command line lists all. */
const LISTED_MAX = 100;

interface Walk {
  page: ReceiptPage;
  missing: readonly MissingVariant[];
}

const WHY: Record<MissingVariant["why"], string> = {
  gone: "deleted outside of Prewarm",
  purged: "purged",
  queued: "still queued",
  processing: "being made",
  retrying: "waiting for the next attempt",
  dead: "failed for good",
  refused: "original missing or unusable",
  cancelled: "cancelled",
};

/** What the run ordered, against what R2 holds at this moment. The check runs step by step on request: it lists R2. */
export function ReceiptCard({ run }: { run: string }) {
  const [walk, setWalk] = useState<Walk | null>(null);
  const left = useRef(false);
  useEffect(
    () => () => {
      left.current = true;
    },
    [],
  );
  const check = async () => {
    const missing: MissingVariant[] = [];
    for (let cursor: string | null = ""; cursor !== null && !left.current; ) {
      const query = cursor === "" ? {} : { cursor };
      const page: ReceiptPage = await ask("GET /api/v1/runs/{run}/receipt", { params: { run }, query });
      missing.push(...page.missing.slice(0, LISTED_MAX - missing.length));
      setWalk({ page, missing });
      cursor = page.nextCursor;
    }
    return "Checked against R2.";
  };
  return (
    <Card
      title="Receipt"
      beside={
        <ActButton class="small" act={check}>
          Check against R2
        </ActButton>
      }
    >
      {walk === null ? (
        <p class="muted">Compares what this run ordered with what R2 holds now, and signs the result.</p>
      ) : (
        <Checked {...walk} />
      )}
    </Card>
  );
}

function Checked({ page: { receipt, signature }, missing }: Walk) {
  return (
    <>
      <p role="status">
        <b class="num">
          {count(receipt.inStore)} of {plural(receipt.ordered, "variant")}
        </b>{" "}
        {receipt.complete ? "are in R2: the run is complete." : "are in R2."} {progress(receipt)}
      </p>
      <p class="muted small-text">
        {receipt.checkedAt === null ? (
          `${count(receipt.checked)} checked so far.`
        ) : (
          <>
            Checked <Time at={receipt.checkedAt} asClock />.{" "}
            {signature !== null && "Signed: prewarm receipt --verify and openssl check the file."}
          </>
        )}
      </p>
      {missing.length > 0 && <Missing missing={missing} total={receipt.missing} run={receipt.run} />}
      {signature !== null && (
        <SaveButton name={`receipt-${receipt.run}.txt`} text={receiptFile(receipt, signature)}>
          Download the receipt
        </SaveButton>
      )}
    </>
  );
}

/** `44 missing: 40 purged, 4 failed for good. 3 are no longer listed.` */
function progress({ missing, whys, forgotten }: Receipt): string {
  const reasons = Object.entries(whys).map(([why, n]) => `${count(n)} ${WHY[why as MissingVariant["why"]]}`);
  const gone = missing === 0 ? "" : `${count(missing)} missing: ${reasons.join(", ")}. `;
  return (forgotten ?? 0) > 0 ? `${gone}The ledger no longer lists ${count(forgotten)}.` : gone;
}

function Missing({ missing, total, run }: { missing: readonly MissingVariant[]; total: number; run: string }) {
  return (
    <details>
      <summary>{plural(total, "missing variant")}</summary>
      <ul class="small-text">
        {missing.map(({ key, id, transform, why }) => (
          <li key={key} class="break">
            <a href={imageUrl(id)}>{id}</a> {transformWords(transform)} <span class="muted">{WHY[why]}</span>
          </li>
        ))}
      </ul>
      {total > missing.length && (
        <p class="muted small-text">
          The first {count(missing.length)}; <span class="mono">prewarm receipt {run}</span> lists all.
        </p>
      )}
    </details>
  );
}
