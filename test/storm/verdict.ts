import type { PaidJob } from "./ittybit.ts";
import { imageOfKey, keyOf, type Variant } from "./variants.ts";
import type { View } from "./viewers.ts";

/** Jobs paid for each calm variant, at most. */
export const PAID_MOST = { withoutRestore: 1.02, withRestore: 1.05 };

/** Jobs of one variant that Ittybit fails until the variant is a dead letter. */
const FAILED_ENDS = 2;

/** What a storm ended with, as it was seen from outside. */
export interface Outcome {
  /** Every variant that a request accepted and nobody cancelled. */
  owed: readonly Variant[];
  jobs: readonly PaidJob[];
  /** What the last view of each owed variant showed, by its key, after everything had settled. */
  last: ReadonlyMap<string, View | null>;
  /** Images that were purged, with those that were removed, and images whose original was replaced. */
  purged: ReadonlySet<number>;
  removed: ReadonlySet<number>;
  replaced: ReadonlySet<number>;
  /** Keys whose object was deleted by hand, or that the last views had to ask for. */
  deletedByHand: ReadonlySet<string>;
  versionOf(id: string): number;
  /** Views in the storm. */
  statuses: ReadonlyMap<string, number>;
  wrongViews: readonly string[];
  /** Why each dead letter is one, by its key. */
  dead: ReadonlyMap<string, string>;
  /** Objects of purged images that nothing will delete any more, and what is left of removed ones. */
  cameBack: readonly string[];
  broken: readonly string[];
  restored: boolean;
  /** What the storm could not bring to an end. */
  unfinished: readonly string[];
}

export interface Verdict {
  violations: string[];
  /** Dead letters that are right: Ittybit failed two jobs of the variant. */
  explained: string[];
  counts: Record<string, number | string>;
}

/**
 * A calm variant is owed, and of no image that was purged or replaced, and its object was not deleted by hand: it needs one job. Paid are
 * all jobs that Ittybit made for calm variants, without those that failed at Ittybit, for which another one has to be paid.
 */
export function judgeStorm(outcome: Outcome): Verdict {
  const paid = paidPerVariant(outcome);
  const most = outcome.restored ? PAID_MOST.withRestore : PAID_MOST.withoutRestore;
  const failed = Map.groupBy(
    outcome.jobs.filter(({ fails }) => fails),
    ({ metadata }) => metadata.key ?? "",
  );
  const isExplained = (key: string): boolean => (failed.get(key)?.length ?? 0) >= FAILED_ENDS;
  const dead = [...outcome.dead].map(([key, reason]) => ({ key, text: `${key} (${reason})` }));
  const lists: Record<string, readonly string[]> = {
    lost: lostOf(outcome),
    duplicated: duplicatedOf(outcome.jobs),
    stale: staleOf(outcome),
    "wrong image": [...outcome.wrongViews, ...wrongOf(outcome)],
    "5xx to a viewer": serverErrors(outcome),
    "came back after a purge or removal": outcome.cameBack,
    dead: dead.filter(({ key }) => !isExplained(key)).map(({ text }) => text),
    "platform limit": outcome.broken,
    unfinished: outcome.unfinished,
  };
  const violations = Object.entries(lists).flatMap(([name, all]) => all.map((one) => `${name}: ${one}`));
  if (paid.ratio > most)
    violations.push(
      `paid: ${paid.jobs} jobs for ${paid.variants} calm variants, ${paid.ratio.toFixed(3)} each; at most ${most}`,
    );
  const counts = Object.entries(lists).map(([name, all]) => [name, all.length] as const);
  const explained = dead.filter(({ key }) => isExplained(key)).map(({ text }) => `dead: ${text}`);
  return {
    violations,
    explained,
    counts: { ...Object.fromEntries(counts), "jobs paid per variant": paid.ratio.toFixed(3) },
  };
}

/** Calm variants, and the jobs that were paid for them. */
export function paidPerVariant({ owed, jobs, purged, replaced, deletedByHand }: Outcome) {
  const isCalm = (key: string): boolean => {
    const image = imageOfKey(key);
    return !purged.has(image) && !replaced.has(image) && !deletedByHand.has(key);
  };
  const calm = new Set(owed.map(keyOf).filter(isCalm));
  const paid = jobs.filter(({ metadata, fails }) => !fails && calm.has(metadata.key ?? ""));
  const twice = [...Map.groupBy(paid, ({ metadata }) => metadata.key ?? "")].filter(([, all]) => all.length > 1);
  return { jobs: paid.length, variants: calm.size, ratio: paid.length / Math.max(1, calm.size), twice };
}

function lostOf({ owed, last, purged, dead, deletedByHand }: Outcome): string[] {
  return owed
    .filter(({ id, width }) => {
      const key = keyOf({ id, width });
      if (purged.has(imageOfKey(key)) || dead.has(key) || deletedByHand.has(key)) return false;
      const view = last.get(key);
      return view?.status !== 200 || view.version === null;
    })
    .map(keyOf);
}

/** Two jobs under one generation: the one number that makes a job's POST harmless to repeat. */
function duplicatedOf(jobs: readonly PaidJob[]): string[] {
  const generations = Map.groupBy(jobs, ({ metadata }) => `${metadata.ledger}/${metadata.gen}`);
  return [...generations]
    .filter(([, all]) => all.length > 1)
    .map(([generation, all]) => `${generation} (${all.length} jobs)`);
}

function staleOf({ owed, last, versionOf }: Outcome): string[] {
  return owed
    .filter((variant) => {
      const version = last.get(keyOf(variant))?.version ?? null;
      return version !== null && version !== versionOf(variant.id);
    })
    .map(keyOf);
}

function wrongOf({ last }: Outcome): string[] {
  return [...last].filter(([, view]) => view?.isWrong).map(([key]) => key);
}

function serverErrors({ statuses, last }: Outcome): string[] {
  const inStorm = [...statuses].filter(([status]) => /^5/.test(status)).map(([status, n]) => `${n} × ${status}`);
  const after = [...last]
    .filter(([, view]) => (view?.status ?? 0) >= 500)
    .map(([key, view]) => `${key}: ${view?.status}`);
  return [...inStorm, ...after];
}
