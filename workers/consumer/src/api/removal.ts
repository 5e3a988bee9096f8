import { type RemovalReceipt, RemoveRequest, SignedRemoval, Unblocked } from "@prewarm/control-schema/removal";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Config } from "@prewarm/shared/config";
import { checkId, spellingsOf } from "@prewarm/shared/image-id";
import * as z from "zod";
import type { ImageRows } from "../ledger/contract.ts";
import { deleteBlock, putBlock } from "../store/blocks.ts";
import type { ApiDeps } from "./deps.ts";
import { acting, viewer } from "./endpoint.ts";
import { browsersUntil } from "./purge-timeline.ts";
import { receiptKey, signReceipt } from "./receipt-keys.ts";
import { answer, jsonBody, refusal, refusals } from "./responses.ts";

const params = z.object({ id: z.string().min(1).meta({ description: "One URL-encoded segment" }) });
const none = refusal("The image is not removed");

/** Removals: an image is deleted and blocked, and a signed receipt says what was deleted. */
export const removal = [
  acting("remove")(
    {
      method: "post",
      path: "/api/v1/images/{id}/remove",
      tags: ["images"],
      summary: "Delete all of an image, its original in a bucket of yours too, and block it",
      description: "Asynchronous; the receipt tells how far it has come. A repeat looks once more.",
      request: { params, body: jsonBody(RemoveRequest) },
      responses: { 202: answer(SignedRemoval, "Under way"), ...refusals, 507: refusal("Too many images are removed") },
    },
    async (c, deps) => {
      const { id } = c.req.valid("param");
      const { reason, exact } = c.req.valid("json");
      checkId(id);
      const { who } = c.get("caller");
      // Nothing is removed that no receipt could prove.
      receiptKey(deps);
      for (const spelling of exact ? [id] : spellingsOf(id)) await remove(spelling, { reason, who }, deps);
      await deps.ledger.edgesTold();
      return c.json(await signedRemoval(id, deps), 202);
    },
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/images/{id}/removal",
      tags: ["images"],
      summary: "The signed receipt of a removal, as far as it has come",
      request: { params },
      responses: { 200: answer(SignedRemoval, "The receipt"), ...refusals, 404: none },
    },
    async (c, deps) => {
      const { id } = c.req.valid("param");
      checkId(id);
      return c.json(await signedRemoval(id, deps), 200);
    },
  ),
  acting("remove")(
    {
      method: "post",
      path: "/api/v1/images/{id}/unblock",
      tags: ["images"],
      summary: "Lift the block of a removed image; its receipt is forgotten",
      request: { params },
      responses: { 200: answer(Unblocked, "It may be made again"), ...refusals, 404: none },
    },
    async (c, { ledger, bucket }) => {
      const { id } = c.req.valid("param");
      checkId(id);
      let wasBlocked = false;
      for (const spelling of spellingsOf(id)) {
        if (await ledger.unblockImage(spelling, c.get("caller").who)) wasBlocked = true;
        // Also after a call that ended between the two: a block that is left would come back with a restore.
        await deleteBlock(bucket, spelling);
      }
      if (!wasBlocked) throw new ApiError("not_found", { detail: "The image is not removed." });
      return c.json({ id }, 200);
    },
  ),
];

async function remove(id: string, { reason, who }: { reason: string; who: string }, deps: ApiDeps): Promise<void> {
  // The block is in R2 before the ledger hears of it, so no older copy of the ledger brings the image back.
  await putBlock(deps.bucket, id, { reason, who, at: deps.clock.now() });
  const { status } = await deps.ledger.removeImage(id, reason, who);
  if (status !== "full") return;
  await deleteBlock(deps.bucket, id);
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
    ...{ removed: id, spellings: [], reason, by: who, orderedAt: at, jobs, focal, objects, more, checks },
    ...{ edgeUntil, browsersUntil: browsersUntil(edgeUntil, config), completeAt, complete },
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
