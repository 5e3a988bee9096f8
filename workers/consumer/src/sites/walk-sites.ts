import type { SiteResult } from "@prewarm/control-schema/sites";
import { errorText } from "@prewarm/shared/log";
import type { TakenVisit, Visit } from "../ledger/contract.ts";
import { judgeImages } from "./judge-images.ts";
import { listPages } from "./list-pages.ts";
import { readPages } from "./read-pages.ts";
import type { SiteDeps } from "./site-deps.ts";
import { faultOf, resultOf } from "./site-result.ts";
import { visitStore } from "./visit-store.ts";

/** One handler's share, ms: after it another one goes on, with its own limits of CPU and calls. Local queues have one handler at a time. */
const SHARE_MS = 10_000;
/** Pages of one visit: each step of judging reads them twice, by 50. */
const PAGES_MAX = 10_000;
/** Steps of one handler: each makes up to 1,000 calls of an invocation's 10,000. */
const SHARE_STEPS = 6;
/** Between two looks at the run of what is warmed. No handler waits meanwhile. */
const LOOK_S = 3;
/** Each round of a visit ends by then, as it stands, ms: its run may wait for a budget, or a step fail again and again. */
const VISIT_MS = 86_400_000;

interface Stepped {
  visit: Visit;
  result: SiteResult | null;
}

/**
 * Makes steps of visits until none is due or this handler's share is used up; then it calls another one. Never throws: a visit whose handler
 * has failed is taken again two minutes later, from the same place.
 */
export async function walkSites(deps: SiteDeps): Promise<void> {
  const { ledger, clock, log } = deps;
  const owner = deps.newOwner();
  const until = clock.now() + SHARE_MS;
  try {
    for (let steps = 1; ; steps += 1) {
      const taken = await ledger.takeVisit(owner);
      if (taken === null) return;
      const { visit, result } = await step(taken, deps);
      const isWaiting = visit.step === "wait";
      const isLeft = isWaiting || steps >= SHARE_STEPS || clock.now() > until;
      // While a visit waits, a second wake-up finds nothing to do and calls nobody, so that there is one chain of them.
      const leavesMs = isLeft ? (isWaiting ? LOOK_S * 900 : 0) : null;
      const isKept = await ledger.keepVisit({ site: taken.site, owner, visit, result, leavesMs });
      if (result !== null && isKept) {
        log("site.visited", { site: taken.site, visit: visit.visit, share: result.share, fault: result.fault });
        await visitStore(deps.bucket, { site: taken.site, visit: visit.visit }).clear();
      }
      if (isLeft) return await deps.wake(isWaiting ? LOOK_S : 0);
    }
  } catch (error) {
    log("site.failed", { error: errorText(error) });
  }
}

/** One step: list, read, judge, wait for what is warmed, judge again. */
async function step(taken: TakenVisit, deps: SiteDeps): Promise<Stepped> {
  const { site, visit, pagesLeft } = taken;
  const config = deps.config.sites[site];
  const store = visitStore(deps.bucket, { site, visit: visit.visit });
  const now = deps.clock.now();
  if (config === undefined)
    return { visit, result: faultOf(visit, "the configuration has no such site any more", now) };
  const isOver = now - visit.startedAt > VISIT_MS * visit.round;
  if (isOver && visit.step !== "wait") return { visit, result: faultOf(visit, "it did not end within a day", now) };
  switch (visit.step) {
    case "list":
      return list(taken, deps);
    case "read":
      return { visit: await readPages(visit, config, store, deps), result: null };
    case "wait":
      return { visit: await waited(visit, isOver, deps), result: null };
    case "judge": {
      const { visit: judged, isLast } = await judgeImages({ site, visit, pagesLeft }, store, deps);
      if (!isLast) return { visit: judged, result: null };
      if (judged.round === 1 && judged.run !== null) return { visit: { ...judged, step: "wait" }, result: null };
      return { visit: judged, result: await resultOf(judged, store, deps.clock.now()) };
    }
    default:
      return visit.step satisfies never;
  }
}

async function list({ site, visit, pagesLeft }: TakenVisit, deps: SiteDeps): Promise<Stepped> {
  const config = deps.config.sites[site];
  const fault = (why: string): Stepped => ({ visit, result: faultOf(visit, why, deps.clock.now()) });
  if (config === undefined || deps.imagesUrls.length === 0)
    return fault("it is not known where the edge is: set EDGE_URL, or edgeHosts");
  const store = visitStore(deps.bucket, { site, visit: visit.visit });
  await store.clear();
  const listed = await listPages(config, Math.min(pagesLeft, PAGES_MAX), deps).catch((error: unknown) =>
    errorText(error),
  );
  if (typeof listed === "string") return fault(listed);
  const pages = listed.list.pages.length;
  if (pages === 0) return fault("its sitemaps name no page of their own hosts");
  await store.putList(listed.list);
  return { visit: { ...visit, step: "read", pages, leftOut: listed.leftOut }, result: null };
}

/** Looks at the run. When it has ended the images are judged once more. */
async function waited(visit: Visit, isOver: boolean, { ledger }: SiteDeps): Promise<Visit> {
  const run = isOver ? null : await ledger.getRun(visit.run ?? "");
  if (run?.state === "running" || run?.state === "accepting") return visit;
  return { ...visit, step: "judge", round: 2, part: 0, from: 0, tally: 0 };
}
