import type { ImageAction, ImageIds } from "@prewarm/control-schema/image-actions";
import { ApiError } from "@prewarm/shared/api-errors";
import { checkId, spellingsOf } from "@prewarm/shared/image-id";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { encodedIdOfKey, idOfKey } from "@prewarm/shared/variant-key";
import type * as z from "zod";
import { createSemaphore } from "../platform/semaphore.ts";
import { deleteBlock, putBlock } from "../store/blocks.ts";
import { imagesIn, isPlaceIn } from "../store/image-ids.ts";
import { demand } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import type { Resource } from "./endpoint.ts";
import { noCursor } from "./problem.ts";
import { receiptKey } from "./receipt-keys.ts";

/** Purges and removals of many images, and what names many images. */
export const imageActions = {
  "POST /api/v1/image-actions": async ({ body, caller }, deps) => {
    const { ids: asked, label = null, reason = null, exact, ...ask } = body;
    const { ledger } = deps;
    demand(caller, ask.kind);
    const ids = [...new Set(asked)];
    ids.forEach(checkId);
    const isRemoval = ask.kind === "remove";
    const also = isRemoval && !exact ? otherSpellings(ids) : [];
    if (isRemoval) await putBlocks([...ids, ...also], reason ?? "", caller.who, deps);
    const done = await ledger.actOnImages({ ...ask, ids, also, label, reason }, caller.who);
    if (done.status !== "done") {
      if (isRemoval) await each(done.free, (id) => deleteBlock(deps.bucket, id));
      throw refused(done.status);
    }
    await ledger.edgesTold();
    return found(await ledger.getImageAction({ action: ask.action }));
  },
  "GET /api/v1/image-ids": ({ query: { folder, run, cursor = null } }, deps) => {
    if ((folder === undefined) === (run === undefined))
      throw new ApiError("parameter_invalid", { parameter: "folder", detail: "Name a folder or a run, one of them." });
    return run === undefined ? ofFolder(folder ?? "", cursor, deps) : ofRun(run, cursor, deps);
  },
} satisfies Resource;

function otherSpellings(ids: readonly string[]): string[] {
  return [...new Set(ids.flatMap(spellingsOf))].filter((id) => !ids.includes(id));
}

/** The blocks are in R2 before the ledger hears of them, so no older copy of the ledger brings the images back. */
async function putBlocks(ids: readonly string[], reason: string, who: string, deps: ApiDeps): Promise<void> {
  // Nothing is removed that no receipt could prove.
  receiptKey(deps);
  const at = deps.clock.now();
  await each(ids, (id) => putBlock(deps.bucket, id, { reason, who, at }));
}

async function each(ids: readonly string[], work: (id: string) => Promise<void>): Promise<void> {
  const connections = createSemaphore(MAX_CONNECTIONS);
  await Promise.all(ids.map((id) => connections.run(() => work(id))));
}

function refused(status: "conflict" | "full"): ApiError {
  if (status === "full")
    return new ApiError("ledger_full", {
      detail: "Too many images are removed, so none of this call is. Unblock some.",
    });
  return new ApiError("conflict", {
    detail: "The action's id is that of another one, or `from` is not the number of its images.",
  });
}

function found(action: ImageAction | null): ImageAction {
  if (action === null) throw new ApiError("not_found", { detail: "No such action." });
  return action;
}

async function ofFolder(folder: string, cursor: string | null, { bucket }: ApiDeps): Promise<z.infer<typeof ImageIds>> {
  checkId(folder.slice(0, -1));
  if (cursor !== null && !isPlaceIn(folder, cursor)) throw noCursor();
  const { ids, next } = await imagesIn(bucket, folder, cursor);
  return { ids, nextCursor: next };
}

/** The cursor is the time of the first page and the ledger's own cursor: what was stored meanwhile may have been listed. */
async function ofRun(run: string, cursor: string | null, deps: ApiDeps): Promise<z.infer<typeof ImageIds>> {
  const place = /^(\d{1,16}) ((?:rows|stored)-\d{1,16})$/.exec(cursor ?? "");
  if (cursor !== null && place === null) throw noCursor();
  const [, until = String(deps.clock.now()), from = null] = place ?? [];
  const slice = await deps.ledger.listOrdered({ run, cursor: from, until: Number(until) });
  if (slice === null) throw new ApiError("not_found", { detail: "No such run." });
  const keys = new Map(slice.keys.map(({ key }) => [encodedIdOfKey(key), key]));
  return { ids: [...keys.values()].map(idOfKey), nextCursor: slice.next === null ? null : `${until} ${slice.next}` };
}
