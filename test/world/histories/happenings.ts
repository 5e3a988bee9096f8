import type { ActionKind } from "@prewarm/control-schema/actions";
import type { ChunkAnswer } from "@prewarm/durable-queue";
import { nameOf, placeOf } from "@prewarm/durable-queue";
import type { Lane } from "@prewarm/shared/job";
import { jobOfKey, storeKey } from "@prewarm/shared/variant-key";
import { ANY_JOB } from "../../../workers/consumer/src/console/calls.ts";
import type { AcceptImage } from "../../../workers/consumer/src/images/calls.ts";
import { type HistoryWorld, SLOTS } from "./history-world.ts";
import { CROP_WIDTH, type ImageName, POINTS, VERSIONS, WIDTHS, type Width } from "./pictures.ts";

/* What users, operators and time do to the system, by the calls that Workers use; each is one command of a history. */

export interface Target {
  image: ImageName;
  width: Width;
  /** Of a request. */
  widths: readonly Width[];
  lane: Extract<Lane, "upload" | "bulk">;
  /** Runs that may be cancelled; "uploads" never is. */
  run: "run1" | "run2" | "uploads";
}

const WHO = "history";
const HOUR_MS = 3_600_000;
/** What was refused or cancelled is kept for a day; dead letters for 30, which would cost a history a minute. */
const PRUNED_AFTER_HOURS = 26;

/** `v`: a version of the site's own; default: none. */
export const keyOf = ({ image, width, v = null }: { image: ImageName; width: Width; v?: number | null }) => {
  const name = width === CROP_WIDTH ? `${width}x${width}-cover-high.webp` : `${width}-high.webp`;
  return v === null ? `${image}/${name}` : `${image}/@${v}/${name}`;
};

export type Happening = (world: HistoryWorld, target: Target) => void | Promise<void>;

/** One request of one image's variants: its chunk, then its end, as the API makes it, or both by one call, as a hook does. */
async function accept(
  world: HistoryWorld,
  { image, widths, lane, run }: Target,
  more: Partial<Pick<AcceptImage, "order" | "sourceEtag" | "focal">> & { force?: boolean; v?: number | null } = {},
): Promise<void> {
  const { force = false, v = null, ...told } = more;
  const keys = widths.map((one) => keyOf({ image, width: one, v }));
  for (const key of keys) world.invariants.promises.asked.add(key);
  const images = [{ id: image, keys, order: null, sourceEtag: null }];
  const delivery = { id: `delivery${world.next()}`, hash: JSON.stringify([images, told, force]) };
  const answer: ChunkAnswer | null = await world.ask((ledger) =>
    ledger.acceptChunk({
      run: { run, label: null, lane },
      delivery: { ...delivery, chunk: 0 },
      images: images.map((one) => ({ ...one, ...told })),
      force,
      backlogMax: 100_000,
      ...(lane === "upload" ? { finish: { hash: delivery.hash } } : {}),
    }),
  );
  if (answer === null || !("accepted" in answer)) throw new Error(`the chunk was answered ${answer?.status}`);
  if (answer.finished === true) return;
  const finish = { delivery: { ...delivery, chunks: 1 }, run, who: WHO, summary: { accepted: answer.accepted } };
  const finished = await world.ask((ledger) => ledger.finishDelivery(finish));
  if (finished === "mismatch") throw new Error("the delivery's end was a mismatch");
}

const etagOf = (image: string, version: number) => `"${image}-${version}"`;

/** The original changes, and its upload system says so: by an order, an etag, or both. */
async function replace(world: HistoryWorld, target: Target, by: "order" | "etag" | "both"): Promise<void> {
  const { upstream } = world;
  const { image } = target;
  const before = upstream.versionOf(image);
  if (before + 1 >= VERSIONS) return;
  // An etag is news only to a ledger that has heard of the original before.
  if (by === "etag") await accept(world, target, { sourceEtag: etagOf(image, before) });
  upstream.change(image);
  world.invariants.promises.told.set(image, before + 1);
  const order = by === "etag" ? null : String(before + 1);
  const sourceEtag = by === "order" ? null : etagOf(image, before + 1);
  await accept(world, { ...target, lane: "upload" }, { order, sourceEtag });
}

/** The original changes, and its site orders the next version by its name alone, as one does whose files have no dates. */
async function publish(world: HistoryWorld, target: Target): Promise<void> {
  const { upstream } = world;
  const v = upstream.versionOf(target.image) + 1;
  if (v >= VERSIONS) return;
  upstream.change(target.image);
  await accept(world, target, { v });
}

/** The news of an older version comes late, and its point with it. */
async function older(world: HistoryWorld, target: Target): Promise<void> {
  const version = world.upstream.versionOf(target.image);
  if (version > 0) await accept(world, target, { order: String(version - 1), focal: pointOf(target) });
}

/** One of the points, by the width: the command that sets it names it. */
const pointOf = ({ width, lane }: Target) => POINTS[lane === "bulk" ? 3 : WIDTHS.indexOf(width)] ?? null;

/** A hand deletes an object; what was promised for it was kept, or is noticed by the next look. */
function deleteObject(world: HistoryWorld, target: Target): void {
  world.store.remove(storeKey(keyOf(target)));
  world.invariants.deletedByHand(keyOf(target));
}

/** A job's public name: of its row, or of where it would stand. */
function jobName({ sql }: HistoryWorld, key: string): string {
  const job = jobOfKey(key);
  const row = sql.exec("SELECT id FROM jobs WHERE grp = ? AND part = ?", job.group, job.part)[0];
  // A job that waits in an order is at the first place of its key.
  return nameOf(row === undefined ? placeOf(job, "L1") : Number(row.id));
}

async function act(world: HistoryWorld, target: Target, kind: "retryJob" | "cancelJob"): Promise<void> {
  await world.ask((ledger) => ledger[kind](jobName(world, keyOf(target)), WHO), 1);
}

async function actOnAll(world: HistoryWorld, { image, width }: Target, kind: ActionKind): Promise<void> {
  const match = { ...ANY_JOB, id: image };
  // One width names its jobs one by one, the other goes by a filter, a job a second.
  if (width === WIDTHS[0]) {
    const keys = WIDTHS.map((one) => keyOf({ image, width: one }));
    match.jobs = keys.map((key) => jobName(world, key));
  }
  const action = { kind, filter: {}, match, rate: width === WIDTHS[0] ? null : 1, who: WHO };
  await world.ask((ledger) => ledger.createAction(action), 1);
}

/** What takes its time goes on behind the history's back. */
function asking(happening: (world: HistoryWorld, target: Target) => Promise<unknown>): Happening {
  return (world, target) => world.behind(happening(world, target));
}

const patch = (world: HistoryWorld, paused: Partial<Record<Lane, boolean>>) =>
  world.ask((ledger) => ledger.patchGate({ paused }, WHO));

export const HAPPENINGS = {
  accept: asking((world, target) => accept(world, target)),
  force: asking((world, target) => accept(world, target, { force: true })),
  replace: asking((world, target) => replace(world, target, "order")),
  replaceByEtag: asking((world, target) => replace(world, target, "etag")),
  replaceByBoth: asking((world, target) => replace(world, target, "both")),
  publish: asking(publish),
  older: asking(older),
  focal: asking((world, target) => world.ask((ledger) => ledger.setFocal(target.image, pointOf(target), WHO))),
  uploadWithFocal: asking((world, target) => accept(world, target, { focal: pointOf(target) })),
  view: (world, target) => world.viewed(keyOf(target)),
  crowd: (world, target) => {
    for (let viewer = 0; viewer < 5; viewer += 1) world.viewed(keyOf(target));
  },
  cancel: asking((world, target) => act(world, target, "cancelJob")),
  cancelAll: asking((world, target) => actOnAll(world, target, "cancel")),
  cancelRun: asking((world, { run }) => world.ask((ledger) => ledger.cancelRun(run === "uploads" ? "run1" : run, WHO))),
  retry: asking((world, target) => act(world, target, "retryJob")),
  retryAll: asking((world, target) => actOnAll(world, target, "retry")),
  promoteRun: asking((world, { run, width }) =>
    world.ask((ledger) => ledger.promoteRun(run === "uploads" ? "run1" : run, width === WIDTHS[0], WHO)),
  ),
  stopActions: asking(async (world) => {
    const listed = await world.ask((ledger) => ledger.listActions({ cursor: null, limit: 10 }), 1);
    for (const { action } of listed?.actions ?? []) await world.ask((ledger) => ledger.cancelAction(action, WHO), 1);
  }),
  purge: asking((world, { image }) => world.ask((ledger) => ledger.purgeImage(image, null, WHO))),
  purgeInOrder: asking((world, { image }) => {
    const order = String(world.upstream.versionOf(image));
    return world.ask((ledger) => ledger.purgeImage(image, order, WHO));
  }),
  remove: asking((world, { image }) => world.operate(image, () => world.removeImage(image))),
  unblock: asking((world, { image }) => world.operate(image, () => world.unblockImage(image))),
  deleteObject,
  /** What has ended grows old and is forgotten by the ledger's own pruning. */
  prune: async (world) => {
    for (let hour = 0; hour < PRUNED_AFTER_HOURS && world.invariants.bad.length === 0; hour += 1)
      await world.clock.run(HOUR_MS);
  },
  cron: asking((world) => world.ask((ledger) => ledger.rearm(), 1)),
  evict: (world) => world.object.evict(),
  /** Nobody reaches the ledger, for longer than a lease or not; then it may be another instance. */
  outage: (world, { width, lane, run }) => {
    world.invariants.mayDie = true;
    const [short, long] = { 128: [100, 10_000], 320: [2_000, 61_000], 480: [200_000, 600_000] }[width];
    world.outage((run === "uploads" ? short : long) ?? 0);
    if (lane === "bulk") world.object.evict();
  },
  copyOrPutBack: asking((world) => world.copyOrPutBack()),
  poison: (world, target) => world.poisonKey(keyOf(target)),
  slots: asking((world, { width }) => {
    const concurrency = { 128: 1, 320: 2, 480: SLOTS }[width];
    return world.ask((ledger) => ledger.patchGate({ concurrency }, WHO));
  }),
  /** A month's jobs are limited: so many more than there were. */
  budget: asking(async (world, { width }) => {
    const more = { 128: 0, 320: 2, 480: 5 }[width];
    const gate = await world.ask((ledger) => ledger.getGate());
    const monthlyJobs = (gate?.budget.used ?? 0) + more;
    await world.ask((ledger) => ledger.patchGate({ budget: { monthlyJobs } }, WHO));
  }),
  others: (world, { width }) => world.upstream.makeOthers({ 128: 30, 320: 120, 480: 250 }[width]),
  restart: asking((world) => world.restart()),
  skew: (world, { width, lane }) => world.skew({ 128: 0, 320: 2_000, 480: 20_000 }[width] * (lane === "bulk" ? -1 : 1)),
  loseQueue: (world) => world.loseMessages(),
  pause: asking((world, { lane }) => patch(world, { [lane]: true })),
  resume: asking((world) => patch(world, { live: false, upload: false, bulk: false })),
  missing: (world, { image }) => {
    world.invariants.mayDie = true;
    world.upstream.missing.add(image);
  },
  found: (world, { image }) => void world.upstream.missing.delete(image),
  doctor: asking((world) => world.doctor().catch(() => undefined)), // R2 may be out: then the next one
} as const satisfies Record<string, Happening>;
