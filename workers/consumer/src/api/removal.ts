import type { RemovalReceipt, SignedRemoval } from "@prewarm/control-schema/removal";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { checkId, spellingsOf } from "@prewarm/shared/image-id";
import type * as z from "zod";
import type { ImageRows } from "../ledger/calls.ts";
import { deleteBlock, putBlock } from "../store/blocks.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { browsersUntil } from "./purge-timeline.ts";
import { receiptKey, signReceipt } from "./receipt-keys.ts";

/** Removals: an image is deleted and blocked, and a signed receipt says what was deleted. */
export const removal = {
  "POST /api/v1/images/{id}/remove": async ({ params: { id }, body: { reason, exact }, caller: { who } }, deps) => {
    checkId(id);
    // Nothing is removed that no receipt could prove.
    receiptKey(deps);
    await remove(exact ? [id] : spellingsOf(id), { reason, who }, deps);
    await deps.ledger.edgesTold();
    return signedRemoval(id, deps);
  },
  "GET /api/v1/images/{id}/removal": ({ params: { id } }, deps) => {
    checkId(id);
    return signedRemoval(id, deps);
  },
  "POST /api/v1/images/{id}/unblock": async ({ params: { id }, caller }, { ledger, bucket }) => {
    checkId(id);
    const spellings = spellingsOf(id);
    const wasBlocked = await ledger.unblockImage(spellings, caller.who);
    // Also after a call that ended between the two: a block that is left would come back with a restore.
    for (const spelling of spellings) await deleteBlock(bucket, spelling);
    if (!wasBlocked) throw new ApiError("not_found", { detail: "The image is not removed." });
    return { id };
  },
} satisfies Resource;

async function remove(ids: string[], { reason, who }: { reason: string; who: string }, deps: ApiDeps): Promise<void> {
  // The blocks are in R2 before the ledger hears of them, so no older copy of the ledger brings the image back.
  for (const id of ids) await putBlock(deps.bucket, id, { reason, who, at: deps.clock.now() });
  const { status } = await deps.ledger.removeImage(ids, reason, who);
  if (status !== "full") return;
  for (const id of ids) await deleteBlock(deps.bucket, id);
  throw new ApiError("ledger_full", { detail: "Too many images are removed. Unblock some." });
}

/** The receipt of an image and of those of its spellings that are removed. */
async function signedRemoval(id: string, deps: ApiDeps): Promise<z.infer<typeof SignedRemoval>> {
  const found = await Promise.all(
    spellingsOf(id).map(async (spelling) => {
      const { removal } = await deps.ledger.imageRows(spelling, []);
      return removal ? [{ spelling, removal }] : [];
    }),
  );
  const [first, ...others] = found.flat();
  if (first === undefined) throw new ApiError("not_found", { detail: "The image is not removed." });
  const receipt = others.reduce(
    (whole, { spelling, removal }) => together(whole, receiptOf(spelling, removal, deps.config)),
    receiptOf(first.spelling, first.removal, deps.config),
  );
  return { receipt, signature: await signReceipt(receipt, deps) };
}

type View = NonNullable<ImageRows["removal"]>;

export function receiptOf(id: string, removal: View, config: Config): RemovalReceipt {
  const { reason, who, at, jobs, focal, objects, more, checks, edgeUntil, complete, completeAt } = removal;
  return {
    removed: id,
    spellings: [],
    reason,
    by: who,
    orderedAt: at,
    jobs,
    focal,
    objects,
    more,
    checks,
    edgeUntil,
    browsersUntil: browsersUntil(edgeUntil, config),
    completeAt,
    complete,
  };
}

/** One receipt of two spellings: it is complete when both are. */
function together(one: RemovalReceipt, other: RemovalReceipt): RemovalReceipt {
  const later = (a: number | null, b: number | null) => (a === null || b === null ? null : Math.max(a, b));
  return {
    ...one,
    spellings: [...one.spellings, other.removed],
    jobs: one.jobs + other.jobs,
    focal: one.focal || other.focal,
    objects: [...one.objects, ...other.objects],
    more: one.more + other.more,
    checks: [...one.checks, ...other.checks].toSorted((a, b) => a.at - b.at),
    edgeUntil: later(one.edgeUntil, other.edgeUntil),
    browsersUntil: later(one.browsersUntil, other.browsersUntil),
    completeAt: later(one.completeAt, other.completeAt),
    complete: one.complete && other.complete,
  };
}
