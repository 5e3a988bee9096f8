import { AppError } from "@prewarm/shared/errors";
import { R2_DELETE_MAX_KEYS } from "@prewarm/shared/limits";
import { deadKey, missingKey } from "@prewarm/shared/variant-key";
import type { ApiDeps } from "../api/deps.ts";
import type { AcceptImage } from "../api/ledger-port.ts";
import type { Rejection } from "../api/schemas/warm.ts";
import { type Accepted, acceptStream } from "../intake/accept-stream.ts";
import { type Chunk, cutChunks } from "../intake/cut-chunks.ts";
import { Planner } from "../intake/plan-item.ts";
import { errorText } from "../platform/log.ts";
import type { HookEvent } from "./hook-event.ts";

export interface Enqueue {
  events: HookEvent[];
  recipe: string;
  run: string;
  label: string;
  delivery: string;
  bodyHash: string;
  who: string;
}

export interface Enqueued extends Pick<Accepted, "accepted" | "duplicates" | "existing" | "repeat"> {
  purged: number;
  ignored: number;
  rejected: Rejection[];
}

type Placed = HookEvent & { index: number };

/**
 * Does what events say: deletions first, then uploads in the lane `upload`. An upload that a later event of the same body takes back is
 * left out, and the ledger holds older orders off. Throws what `acceptStream` throws.
 */
export async function enqueueEvents(order: Enqueue, deps: ApiDeps): Promise<Enqueued> {
  const events = latest(order.events.map((event, index) => ({ ...event, index })));
  const purged = await purge(events, order.who, deps);
  const uploads = events.filter((event) => event.kind === "upload" || event.kind === "rejected");
  const accepted = uploads.length === 0 ? await finishEmpty(order, purged, deps) : await accept(uploads, order, deps);
  return {
    accepted: accepted.accepted,
    duplicates: accepted.duplicates,
    existing: accepted.existing,
    repeat: accepted.repeat,
    purged,
    ignored: events.filter(({ kind }) => kind === "ignored").length + accepted.outdated,
    rejected: accepted.rejected.map((one) => ({ ...one, index: uploads[one.index]?.index ?? one.index })),
  };
}

/** Within one body the later event about an image takes back the earlier one, unless their orders say otherwise. */
function latest(events: Placed[]): Placed[] {
  return events.filter((event) => {
    if (event.kind !== "upload" && event.kind !== "delete") return true;
    return !events.some((other) => {
      const same =
        (other.kind === "upload" || other.kind === "delete") && other.id === event.id && other.kind !== event.kind;
      return same && isLater(other, event);
    });
  });
}

function isLater(a: Placed, b: Placed): boolean {
  const [left, right] = [a, b].map((event) =>
    event.kind === "upload" || event.kind === "delete" ? event.order : null,
  );
  if (left !== null && right !== null && left !== undefined && right !== undefined && left !== right)
    return left > right;
  return a.index > b.index;
}

async function purge(events: Placed[], who: string, { ledger }: ApiDeps): Promise<number> {
  let purged = 0;
  for (const event of events) {
    if (event.kind !== "delete") continue;
    const { status } = await ledger.purgeImage(event.id, event.order, who);
    if (status !== "outdated") purged += 1;
  }
  return purged;
}

async function accept(events: Placed[], order: Enqueue, deps: ApiDeps): Promise<Accepted> {
  const planner = new Planner(deps.config, order.recipe);
  const chunks = cutChunks(listed(events), (event) => planEvent(event, planner));
  const request = {
    run: { run: order.run, label: order.label, lane: "upload" as const },
    delivery: order.delivery,
    bodyHash: order.bodyHash,
    options: { force: false, onlyMissing: false, recipe: order.recipe },
    who: order.who,
  };
  return acceptStream(clearingMarkers(chunks, deps), request, deps);
}

/** A delivery without anything to make is remembered too, so that its repeat purges nothing again. */
async function finishEmpty(
  { delivery, bodyHash, who }: Enqueue,
  purged: number,
  { ledger }: ApiDeps,
): Promise<Accepted> {
  const request = { delivery: { id: delivery, chunks: 0, hash: bodyHash }, run: null, who, summary: { purged } };
  await ledger.finishDelivery(request);
  return { accepted: 0, duplicates: 0, existing: 0, outdated: 0, repeat: false, rejected: [], rejectedTotal: 0 };
}

async function* listed(events: Placed[]): AsyncGenerator<Placed> {
  yield* events;
}

function planEvent(event: Placed, planner: Planner): AcceptImage {
  if (event.kind === "rejected") throw new AppError(event.code, { detail: event.message });
  if (event.kind !== "upload") throw new TypeError(`a ${event.kind} is not planned`);
  const { id, v, sourceEtag, recipe, order } = event;
  const value = {
    id,
    ...(v === null ? {} : { v }),
    ...(sourceEtag === null ? {} : { sourceEtag }),
    ...(recipe === null ? {} : { recipe }),
  };
  return { ...planner.plan({ value }), order };
}

/** An upload ends what the edge was told about the image: missing, unsupported, dead. A marker that stays only costs its own life. */
async function* clearingMarkers(chunks: AsyncIterable<Chunk>, { bucket, log }: ApiDeps): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    const markers = chunk.images.flatMap(({ id, keys }) => [missingKey(id), ...keys.map(deadKey)]);
    yield chunk;
    try {
      for (let at = 0; at < markers.length; at += R2_DELETE_MAX_KEYS)
        await bucket.delete(markers.slice(at, at + R2_DELETE_MAX_KEYS));
    } catch (error) {
      log("markers.uncleared", { error: errorText(error) });
    }
  }
}
