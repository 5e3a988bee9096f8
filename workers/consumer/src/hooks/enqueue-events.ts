import type { Clock } from "@prewarm/shared/clock";
import { AppError } from "@prewarm/shared/errors";
import { acceptStream, emptyReceipt, type IntakeDeps, type Receipt } from "../intake/accept-stream.ts";
import { type Chunk, cutChunks } from "../intake/cut-chunks.ts";
import type { Rejection } from "../intake/item.ts";
import { Planner } from "../intake/plan-item.ts";
import type { AcceptImage } from "../ledger/contract.ts";
import { errorText, type Log } from "../platform/log.ts";
import { clearMarkers } from "../store/markers.ts";
import type { HookEvent } from "./hook-event.ts";

/** What hooks and the uploads queue work with. */
export interface HookDeps extends IntakeDeps {
  clock: Clock;
  log: Log;
}

/** One delivery's events and where they belong. */
interface DeliveredEvents {
  events: HookEvent[];
  recipe: string;
  /** Names the sender in the rolling run of the day: `hook_<name>_<date>`. */
  name: string;
  /** Shown with that run. */
  title: string;
  /** For the audit log. */
  who: string;
  delivery: string;
  bodyHash: string;
}

/** What became of a delivery; `accepted`, `duplicates` and `existing` count variants, `purged` images, `ignored` events. */
export interface HookAnswer {
  /** Null when there was nothing to make. */
  run: string | null;
  accepted: number;
  duplicates: number;
  existing: number;
  purged: number;
  ignored: number;
  rejected: Rejection[];
  /** This very delivery had been accepted before. */
  duplicate: boolean;
}

type Placed = HookEvent & { index: number };
type Making = Extract<Placed, { kind: "upload" | "rejected" }>;

/**
 * Does what events say: deletions first, then uploads in the lane `upload`. An upload that a later event of the same body takes back is
 * left out, and the ledger refuses older orders. Throws what `acceptStream` throws.
 */
export async function enqueueEvents(order: DeliveredEvents, deps: HookDeps): Promise<HookAnswer> {
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const run = `hook_${order.name}_${day}`;
  const events = latest(order.events.map((event, index) => ({ ...event, index })));
  const purged = await purge(events, order.who, deps);
  const making = events.filter((event) => event.kind === "upload" || event.kind === "rejected");
  const { accepted, duplicates, existing, outdated, rejected, repeat } =
    making.length === 0
      ? await finishEmpty(order, purged, deps)
      : await accept(making, { run, label: `${order.title}, ${day}` }, order, deps);
  return {
    run: accepted + duplicates + existing > 0 ? run : null,
    accepted,
    duplicates,
    existing,
    purged,
    ignored: events.filter(({ kind }) => kind === "ignored").length + outdated,
    rejected: rejected.map((one) => ({ ...one, index: making[one.index]?.index ?? one.index })),
    duplicate: repeat,
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

async function purge(events: Placed[], who: string, { ledger }: HookDeps): Promise<number> {
  let purged = 0;
  for (const event of events) {
    if (event.kind !== "delete") continue;
    const { status } = await ledger.purgeImage(event.id, event.order, who);
    if (status !== "outdated") purged += 1;
  }
  return purged;
}

async function accept(
  events: Making[],
  run: { run: string; label: string },
  { recipe, delivery, bodyHash, who }: DeliveredEvents,
  deps: HookDeps,
): Promise<Receipt> {
  const planner = new Planner(deps.config, recipe);
  const chunks = cutChunks(events, (event) => planEvent(event, planner));
  const options = { force: false, onlyMissing: false, recipe };
  const order = { run: { ...run, lane: "upload" as const }, delivery, options, bodyHash, who };
  return acceptStream(clearingMarkers(chunks, deps), order, deps);
}

/** A delivery without anything to make is remembered too, so that its repeat purges nothing again. */
async function finishEmpty(
  { delivery, bodyHash, who }: DeliveredEvents,
  purged: number,
  { ledger }: HookDeps,
): Promise<Receipt> {
  await ledger.finishDelivery({
    delivery: { id: delivery, chunks: 0, hash: bodyHash },
    run: null,
    who,
    summary: { purged },
  });
  return emptyReceipt();
}

function planEvent(event: Making, planner: Planner): AcceptImage {
  if (event.kind === "rejected") throw new AppError(event.code, { detail: event.message });
  return planner.plan(event);
}

/**
 * Deletes the markers that tell the edge not to wait for these variants: the upload may have mended them. A failure is only logged,
 * because markers expire by themselves.
 */
async function* clearingMarkers(chunks: AsyncIterable<Chunk>, { bucket, log }: HookDeps): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    const [keys, ids] = [chunk.images.flatMap((image) => image.keys), chunk.images.map(({ id }) => id)];
    yield chunk;
    try {
      await clearMarkers(bucket, keys, ids);
    } catch (error) {
      log("markers.uncleared", { error: errorText(error) });
    }
  }
}
