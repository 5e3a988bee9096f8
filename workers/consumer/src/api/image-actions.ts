import { ImageAction, ImageActionRequest, ImageIds, imageIdsQuery } from "@prewarm/control-schema/image-actions";
import { ApiError } from "@prewarm/shared/api-errors";
import { checkId, spellingsOf } from "@prewarm/shared/image-id";
import { MAX_CONNECTIONS } from "@prewarm/shared/limits";
import { encodedIdOfKey, idOfKey } from "@prewarm/shared/variant-key";
import * as z from "zod";
import { createSemaphore } from "../platform/semaphore.ts";
import { deleteBlock, putBlock } from "../store/blocks.ts";
import { imagesIn } from "../store/image-ids.ts";
import { demand } from "./access/guard.ts";
import type { ApiDeps } from "./deps.ts";
import { operator, viewer } from "./endpoint.ts";
import { receiptKey } from "./receipt-keys.ts";
import { answer, jsonBody, refusal, refusals } from "./responses.ts";

/** 200 ids of the longest kind (700 bytes), each of its characters as an escape, and what stands between them. */
const BODY_MAX_BYTES = 500_000;

const params = z.object({ action: z.string().min(1).max(80) });

/** Purges and removals of many images, and what names many images. */
export const imageActions = [
  operator(
    {
      method: "post",
      path: "/api/v1/image-actions",
      tags: ["images"],
      summary: "Purge or remove many images as one action",
      description: "All images of the call, or none. Further images of the action come in further calls.",
      request: { body: jsonBody(ImageActionRequest) },
      responses: {
        202: answer(ImageAction, "Under way"),
        ...refusals,
        409: refusal("The action's id is that of another one, or `from` is not the number of its images"),
        507: refusal("Too many images are removed"),
      },
    },
    async (c, deps) => {
      const { ids: asked, label = null, reason = null, exact, ...ask } = c.req.valid("json");
      const { ledger } = deps;
      const caller = c.get("caller");
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
      return c.json(found(await ledger.getImageAction(ask.action)), 202);
    },
    BODY_MAX_BYTES,
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/image-actions/{action}",
      tags: ["images"],
      summary: "How far a purge or removal of many images has come",
      request: { params },
      responses: { 200: answer(ImageAction, "The action"), ...refusals, 404: refusal("No such action") },
    },
    async (c, { ledger }) => c.json(found(await ledger.getImageAction(c.req.valid("param").action)), 200),
  ),
  viewer(
    {
      method: "get",
      path: "/api/v1/image-ids",
      tags: ["images"],
      summary: "The images of a folder or of a run, by their ids",
      description: "Of a run those that the ledger lists: it lists stored variants for three days.",
      request: { query: imageIdsQuery },
      responses: { 200: answer(ImageIds, "A page"), ...refusals, 404: refusal("No such run") },
    },
    async (c, deps) => {
      const { folder, run, cursor = null } = c.req.valid("query");
      if ((folder === undefined) === (run === undefined))
        throw new ApiError("parameter_invalid", {
          parameter: "folder",
          detail: "Name a folder or a run, one of them.",
        });
      return c.json(await (run === undefined ? ofFolder(folder ?? "", cursor, deps) : ofRun(run, cursor, deps)), 200);
    },
  ),
];

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
  const { ids, next } = await imagesIn(bucket, folder, cursor);
  return { ids, nextCursor: next };
}

/** The cursor is the time of the first page and the ledger's own cursor: what was stored meanwhile may have been listed. */
async function ofRun(run: string, cursor: string | null, deps: ApiDeps): Promise<z.infer<typeof ImageIds>> {
  const [, until = String(deps.clock.now()), from = null] = /^(\d{1,16}) (.+)$/.exec(cursor ?? "") ?? [];
  const slice = await deps.ledger.listOrdered({ run, cursor: from, until: Number(until) });
  if (slice === null) throw new ApiError("not_found", { detail: "No such run." });
  const keys = new Map(slice.keys.map(({ key }) => [encodedIdOfKey(key), key]));
  return { ids: [...keys.values()].map(idOfKey), nextCursor: slice.next === null ? null : `${until} ${slice.next}` };
}
