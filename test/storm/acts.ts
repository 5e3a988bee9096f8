import type { Emulator } from "@prewarm/ittybit-emulator/server";
import type { Chance } from "../world/chance.ts";
import { idOf, type Originals } from "./originals.ts";
import type { StormStack } from "./stack.ts";
import { CANCELLED_WIDTHS, imageOfKey, type Variant, warmLines } from "./variants.ts";

/** Times that one delivery of the hook is sent at once. */
const DELIVERIES = 40;
const REFUSED_MS = 8_000;

export interface ActDeps {
  stack: StormStack;
  ittybit: Emulator;
  originals: Originals;
  chance: Chance;
  say(line: string): void;
}

/** What the acts did, for the verdict. */
export interface Done {
  /** Purged, removed ones included: their variants are owed no more. */
  purged: Set<number>;
  removed: Set<number>;
  replaced: Set<number>;
  deletedByHand: Set<string>;
  restored: boolean;
  kills: number;
  unfinished: string[];
}

export const nothingDone = (): Done => ({
  purged: new Set(),
  removed: new Set(),
  replaced: new Set(),
  deletedByHand: new Set(),
  restored: false,
  kills: 0,
  unfinished: [],
});

/** The acts of one storm, each of which leaves its trace in `done`. */
export function createActs(deps: ActDeps, done: Done) {
  const { stack, originals, say } = deps;
  const { control } = deps.ittybit;
  const kill = async (meanwhile: () => Promise<void> = async () => {}): Promise<void> => {
    await stack.kill();
    done.kills += 1;
    say(`SIGKILL number ${done.kills}, after ${control.stats().createdJobs} jobs`);
    await meanwhile();
    await stack.start();
  };
  return {
    kill: () => kill(),

    /** Purges images in the middle of the work, all at once as a hook does. */
    async purge(images: readonly number[]): Promise<void> {
      for (const image of images) done.purged.add(image);
      await Promise.all(images.map((image) => stack.api("DELETE", `/images/${encodeURIComponent(idOf(image))}`)));
      say(`purged ${images.length} images`);
    },

    /** Removes images in the middle of the work, all at once. */
    async remove(images: readonly number[]): Promise<void> {
      for (const image of images) done.purged.add(image);
      for (const image of images) done.removed.add(image);
      const body = JSON.stringify({ reason: "the storm" });
      await Promise.all(
        images.map((image) => stack.api("POST", `/images/${encodeURIComponent(idOf(image))}/remove`, body)),
      );
      say(`removed ${images.length} images`);
    },

    /** Replaces originals while their jobs run, and tells of it with one delivery that is sent many times. */
    async replace(images: readonly number[], n: number): Promise<void> {
      for (const image of images) {
        done.replaced.add(image);
        originals.replace(idOf(image));
      }
      const items = images.map((image) => ({
        id: idOf(image),
        sourceEtag: originals.etagOf(idOf(image)),
        recipe: "social",
      }));
      const event = { type: "image.replaced", timestamp: new Date().toISOString(), data: { items } };
      const statuses = await Promise.all(
        Array.from({ length: DELIVERIES }, () => stack.hook(`storm-${n}`, JSON.stringify(event))),
      );
      const taken = statuses.filter((status) => status === 202).length;
      if (taken === 0) done.unfinished.push(`no delivery of the replacement was taken: ${statuses.join(" ")}`);
      say(`replaced ${images.length} originals; the hook took ${taken} of ${DELIVERIES} equal deliveries`);
    },

    /** For some seconds every result is refused that no other fault strikes. */
    refuse(): void {
      const rule = control.addFault({ fault: { type: "output", as: "403" } });
      setTimeout(() => control.removeFault(rule), REFUSED_MS);
      say(`results answer 403 for ${REFUSED_MS / 1_000} s`);
    },

    /** Ittybit gives the next job an id that an earlier job had. */
    giveUsedId(): void {
      control.addFault({ fault: { type: "used_id" }, times: 1 });
    },

    /** Cancels a run while another run, which asks for some of the same variants, goes on. */
    async cancel(run: string): Promise<void> {
      await stack.api("DELETE", `/runs/${encodeURIComponent(run)}`);
      say("cancelled the run that overlaps");
    },

    /** Copies the ledger's files. The copy is paused, so that nothing is handed out before it hears that it was put back. */
    async copyLedger(): Promise<void> {
      await stack.pauseAll(true);
      await kill(() => stack.copyLedger());
      await stack.pauseAll(false);
      say(`copied the ledger, after ${control.stats().createdJobs} jobs`);
    },

    /** Puts the files back, as docs/backup.md says of other means than the platform's. */
    async putLedgerBack(): Promise<void> {
      await kill(() => stack.putLedgerBack());
      await stack.api("POST", "/doctor", JSON.stringify({ restored: true, fix: true }));
      await stack.pauseAll(false);
      done.restored = true;
      say(`put the ledger back to its copy, after ${control.stats().createdJobs} jobs`);
    },

    /** Kills the stack and deletes objects before it starts again. */
    killAndDelete: (count: number) =>
      kill(async () => {
        const keys = await stack.deleteByHand(count);
        for (const key of keys) done.deletedByHand.add(key);
        say(`deleted ${keys.length} objects by hand`);
      }),
  };
}

/** Images that nothing else happens to, so many, taken from the end so that their jobs are still to come. */
export function untouched(images: number, count: number, done: Done, chance: Chance): number[] {
  const found = new Set<number>();
  for (let tries = 0; found.size < count && tries < 50 * count; tries += 1) {
    const image = Math.floor(chance.between(0, images));
    const isTouched =
      done.purged.has(image) ||
      done.replaced.has(image) ||
      [...done.deletedByHand].some((key) => imageOfKey(key) === image);
    if (!isTouched) found.add(image);
  }
  return [...found];
}

/** Starts the run that is cancelled later: widths of its own, and some that the main run asks for too. */
export async function warmOverlapping(stack: StormStack, owed: readonly Variant[]): Promise<string> {
  const shared = owed.filter((_, n) => n % 10 === 0);
  const own = [...new Set(shared.map(({ id }) => id))].flatMap((id) =>
    CANCELLED_WIDTHS.map((width) => ({ id, width })),
  );
  const body = warmLines([...shared, ...own]);
  const { run } = await stack.api<{ run: string }>("POST", "/warm?label=cancelled", body, "application/x-ndjson");
  return run;
}
