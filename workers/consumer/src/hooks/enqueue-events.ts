import type { HookAnswer } from "@prewarm/control-schema/hooks";
import { ApiError } from "@prewarm/shared/api-errors";
import type { Clock } from "@prewarm/shared/clock";
import { runOfHook } from "@prewarm/shared/hook-days";
import { errorText, type Log } from "@prewarm/shared/log";
import type { AcceptImage } from "../images/calls.ts";
import { acceptStream, type Delivery, emptyReceipt, type IntakeDeps, type Receipt } from "../intake/accept-stream.ts";
import { type Chunk, cutChunks } from "../intake/cut-chunks.ts";
import { Planner } from "../intake/plan-item.ts";
import type { DeliveryNote } from "../ledger/calls.ts";
import { clearMarkers } from "../store/markers.ts";
import type { HookEvent } from "./hook-event.ts";
import { noteDelivery, noteOf } from "./note-delivery.ts";

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
  /** Jobs that the run of the day may have. Missing: any number. */
  most?: number;
  delivery: string;
  bodyHash: string;
}

interface NotedEvents extends DeliveredEvents {
  /** What the list of deliveries says. */
  note(receipt: Receipt): DeliveryNote;
}

type Placed = HookEvent & { index: number };
type Making = Extract<Placed, { kind: "upload" | "rejected" }>;

/**
 * Does what events say: deletions first, then uploads in the lane `upload`. An upload that a later event of the same body takes back is
 * left out, and the ledger refuses older orders. Throws what `acceptStream` throws.
 */
export async function enqueueEvents(order: DeliveredEvents, deps: HookDeps): Promise<HookAnswer> {
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const run = runOfHook(order.name, day);
  const events = latest(order.events.map((event, index) => ({ ...event, index })));
  const purged = await purge(events, order.who, deps);
  const making = events.filter((event) => event.kind === "upload" || event.kind === "rejected");
  const ignored = events.filter(({ kind }) => kind === "ignored").length;
  const answerOf = ({ accepted, duplicates, existing, outdated, rejected, repeat }: Receipt): HookAnswer => ({
    run: accepted + duplicates + existing > 0 ? run : null,
    accepted,
    duplicates,
    existing,
    purged,
    ignored: ignored + outdated,
    rejected: rejected.map((one) => ({ ...one, index: making[one.index]?.index ?? one.index })),
    duplicate: repeat,
  });
  const uploads = making.flatMap((event) => (event.kind === "upload" ? event.id : []));
  const noted = { ...order, note: (receipt: Receipt) => noteOf(order.name, answerOf(receipt), uploads) };
  const receipt =
    making.length === 0
      ? await finishEmpty(noted, deps)
      : await accept(making, { run, label: `${order.title}, ${day}`, most: order.most }, noted, deps);
  const answer = answerOf(receipt);
  if (answer.duplicate) await noteDelivery(noteOf(order.name, answer), deps);
  if (isFruitless(answer)) deps.log("hook.all_rejected", { hook: order.name, rejected: answer.rejected.length });
  return answer;
}

/** Nothing came of the delivery although it named images. Its sender hears 202, so the log has to tell. */
function isFruitless({ accepted, duplicates, existing, purged, rejected }: HookAnswer): boolean {
  return rejected.length > 0 && accepted + duplicates + existing + purged === 0;
}

type Told = Extract<Placed, { kind: "upload" | "delete" }>;

/** Within one body the later event about an image takes back the earlier one, unless their orders say otherwise. */
function latest(events: Placed[]): Placed[] {
  const isTold = (event: Placed): event is Told => event.kind === "upload" || event.kind === "delete";
  const told = Map.groupBy(events.filter(isTold), ({ kind, id }) => `${kind} ${id}`);
  const last = new Map([...told].map(([name, same]) => [name, lastOf(same)]));
  return events.filter((event) => {
    if (!isTold(event)) return true;
    const other = last.get(`${event.kind === "upload" ? "delete" : "upload"} ${event.id}`);
    return other === undefined || !isLater(other, event);
  });
}

/** What of several events about one image is needed to tell whether one of them is later than another event: read once, not pair by pair. */
interface Last {
  order: string | null;
  /** The last place of all, of those without an order, and of those with each order. */
  index: number;
  unordered: number;
  ordered: Map<string, number>;
}

function lastOf(events: readonly Told[]): Last {
  const last: Last = { order: null, index: -1, unordered: -1, ordered: new Map() };
  for (const { order, index } of events) {
    last.index = index;
    if (order === null) last.unordered = index;
    else {
      last.ordered.set(order, index);
      if (last.order === null || order > last.order) last.order = order;
    }
  }
  return last;
}

/** Orders decide where both have one and they differ; else the place in the body does. */
function isLater(others: Last, { order, index }: Told): boolean {
  if (order === null) return others.index > index;
  if (others.order !== null && others.order > order) return true;
  return others.unordered > index || (others.ordered.get(order) ?? -1) > index;
}

/** Deletions under way at once. Each is a call of its own; the ledger answers them one after the other. */
const PURGES_AT_ONCE = 20;

async function purge(events: Placed[], who: string, { ledger }: HookDeps): Promise<number> {
  const deletions = events.filter((event) => event.kind === "delete");
  // Of an image told to be deleted twice in one body, the later order is enough.
  const newest = new Map<string, string | null>();
  for (const { id, order } of deletions) if ((order ?? "") >= (newest.get(id) ?? "")) newest.set(id, order);
  const wanted = [...newest];
  let purged = 0;
  for (let at = 0; at < wanted.length; at += PURGES_AT_ONCE) {
    const some = wanted.slice(at, at + PURGES_AT_ONCE);
    const answers = await Promise.all(some.map(([id, order]) => ledger.purgeImage(id, order, who)));
    purged += answers.filter(({ status }) => status !== "outdated").length;
  }
  if (purged > 0) await ledger.edgesTold();
  return purged;
}

async function accept(
  events: Making[],
  run: Omit<Delivery["run"], "lane">,
  { recipe, delivery, bodyHash, who, note }: NotedEvents,
  deps: HookDeps,
): Promise<Receipt> {
  const planner = new Planner(deps.config, recipe);
  const chunks = cutChunks(events, (event) => planEvent(event, planner));
  const options = { force: false, onlyMissing: false, recipe };
  const order = { run: { ...run, lane: "upload" as const }, delivery, options, bodyHash, who, note };
  return acceptStream(clearingMarkers(chunks, deps), order, deps);
}

/** A delivery without anything to make is remembered too, so that its repeat purges nothing again. */
async function finishEmpty({ delivery, bodyHash, who, note }: NotedEvents, { ledger }: HookDeps): Promise<Receipt> {
  const receipt = emptyReceipt();
  const end = await ledger.finishDelivery({
    delivery: { id: delivery, chunks: 0, hash: bodyHash },
    run: null,
    who,
    summary: null,
    note: note(receipt),
  });
  return { ...receipt, repeat: end === "repeat" };
}

function planEvent(event: Making, planner: Planner): AcceptImage {
  if (event.kind === "rejected") throw new ApiError(event.code, { detail: event.message });
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
