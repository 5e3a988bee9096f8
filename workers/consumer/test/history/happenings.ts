import type { Lane } from "@prewarm/shared/job";
import type { AcceptRequest } from "../../src/ledger/contract.ts";
import { type ImageName, VERSIONS, WIDTHS, type Width } from "./pictures.ts";
import type { World } from "./world.ts";

/* What users, operators and time do to the system; each is one command of a history. */

export interface Target {
  image: ImageName;
  width: Width;
  lane: Extract<Lane, "upload" | "bulk">;
  run: "run1" | "run2" | null;
}

export const keyOf = ({ image, width }: Pick<Target, "image" | "width">) => `${image}/${width}-high.webp`;
const keysOf = (image: ImageName) => WIDTHS.map((width) => keyOf({ image, width }));

export type Happening = (world: World, target: Target) => void | Promise<void>;

function accept(world: World, target: Target, more: Partial<AcceptRequest> = {}): boolean {
  const keys = keysOf(target.image);
  const answer = world.core.accept({ run: target.run, lane: target.lane, keys, ...more });
  world.host.changed();
  if (answer.closed === true) return false;
  for (const key of keys) {
    world.invariants.promised.add(key);
    world.invariants.asked.add(key);
  }
  return true;
}

/** The original changes, and its upload system says so. */
function replace(world: World, target: Target): void {
  const { versions } = world.upstream;
  const version = (versions.get(target.image) ?? 0) + 1;
  if (version >= VERSIONS) return;
  versions.set(target.image, version);
  const originals = [{ id: target.image, order: String(version), sourceEtag: null }];
  accept(world, { ...target, lane: "upload" }, { originals });
}

/** The news of an older version comes late. */
function older(world: World, target: Target): void {
  const version = world.upstream.versions.get(target.image) ?? 0;
  if (version > 0)
    accept(world, target, { originals: [{ id: target.image, order: String(version - 1), sourceEtag: null }] });
}

function purge(world: World, { image }: Target): void {
  world.invariants.purged(world.host.purge(image));
}

/** A hand deletes an object; what was promised for it was kept, or is noticed by the next look. */
function deleteObject(world: World, target: Target): void {
  world.removeObject(keyOf(target));
  world.invariants.promised.delete(keyOf(target));
  world.invariants.deleted.add(keyOf(target));
}

/** Stored rows grow old and are forgotten: R2 is the record. */
function prune(world: World, { image }: Target): void {
  const condition = "state = 3 AND owner IS NULL AND again = 0 AND key >= ? AND key < ?";
  const range = [`${image}/`, `${image}0`] as const;
  for (const { seq, key, state, lane } of world.sql.exec(
    `SELECT seq, key, state, lane FROM jobs WHERE ${condition}`,
    ...range,
  )) {
    for (const table of ["jobs", "attempts", "joins"]) world.sql.exec(`DELETE FROM ${table} WHERE seq = ?`, seq ?? 0);
    world.sql.exec("UPDATE counters SET n = n - 1 WHERE state = ? AND lane = ?", state ?? 0, lane ?? 0);
    world.invariants.promised.delete(String(key));
  }
}

export const HAPPENINGS = {
  accept: (world, target) => void accept(world, target),
  force: (world, target) => void accept(world, target, { force: true }),
  replace,
  older,
  view: (world, target) => world.view(keyOf(target)),
  crowd: (world, target) => {
    for (let viewer = 0; viewer < 5; viewer += 1) world.view(keyOf(target));
  },
  cancel: (world, target) => {
    world.core.cancelKeys([keyOf(target)]);
    world.host.changed();
  },
  cancelRun: (world, { run }) => {
    world.core.cancelRun(run ?? "run1");
    world.host.changed();
  },
  retry: (world, target) => {
    world.core.retry([keyOf(target)]);
    world.host.changed();
  },
  purge,
  deleteObject,
  prune,
  evict: (world) => world.host.evict(),
  restart: (world) => world.restart(),
  loseQueue: (world) => world.queue.forget(),
  pause: (world, { lane }) => {
    world.core.patchGate({ paused: { [lane]: true } });
    world.host.changed();
  },
  resume: (world) => {
    world.core.patchGate({ paused: { live: false, upload: false, bulk: false } });
    world.host.changed();
  },
  missing: (world, { image }) => {
    world.invariants.mayDie = true;
    world.upstream.missing.add(image);
  },
  found: (world, { image }) => void world.upstream.missing.delete(image),
  doctor: async (world) => {
    await world.clock.until(world.doctor().catch(() => undefined)); // R2 may be out: then the next one
  },
} as const satisfies Record<string, Happening>;
