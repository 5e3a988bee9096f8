import { storeKey } from "@prewarm/shared/variant-key";
import { fromCustomMetadata } from "@prewarm/shared/variant-metadata";
import { type ImageState, newImageState, noteStored } from "@prewarm/site-pages/image-state";
import { type Judging, judgePart, type Missing, partsOf } from "@prewarm/site-pages/judge-pages";
import { templatesOf } from "@prewarm/site-pages/templates";
import { acceptStream } from "../intake/accept-stream.ts";
import { cutChunks } from "../intake/cut-chunks.ts";
import { DEFAULT_RECIPE, Planner } from "../intake/plan-item.ts";
import type { KnownRow, TakenVisit, Visit } from "../ledger/contract.ts";
import { objectsOfImages } from "../store/objects-of-images.ts";
import type { SiteDeps } from "./site-deps.ts";
import type { VisitStore } from "./visit-store.ts";

/** Images of one step: each is at worst a list of R2, and a Worker's invocation has 10,000 calls. */
const STEP_IMAGES = 500;

/** Judges the next images, and has those warmed that miss something. Answers the visit as it stands then; `part` is past the last one at the end. */
export async function judgeImages(
  { site, visit }: TakenVisit,
  store: VisitStore,
  deps: SiteDeps,
): Promise<{ visit: Visit; isLast: boolean }> {
  const isWarmed = visit.round === 1 && deps.config.sites[site]?.warm === true;
  const missing: Missing[] = [];
  const pages = await pagesOfVisit(visit, store);
  const judging: Judging = {
    ...{ config: deps.config, recipe: DEFAULT_RECIPE, keys: deps.signingKeys, pages, uses: visit.uses },
    nowSeconds: Math.floor(deps.clock.now() / 1000),
    readStates: (ids) => imageStates(ids, deps),
    records: () => store.records(visit.chunks),
    toWarm: isWarmed ? (item) => missing.push(item) : null,
  };
  const tally = await store.tally(visit.tally, pages.length);
  const next = await judgePart(visit.part, { from: visit.from, most: STEP_IMAGES }, tally, judging);
  const ordered = missing.length === 0 ? 0 : await warm(missing, site, visit, deps);
  await store.putTally(visit.tally + 1, tally);
  const part = next === null ? visit.part + 1 : visit.part;
  const after = { ...visit, tally: visit.tally + 1, part, from: next ?? 0, ordered: visit.ordered + ordered };
  const run = after.ordered > 0 ? runOf(site, visit) : null;
  return { visit: { ...after, run }, isLast: part >= partsOf(judging) };
}

async function pagesOfVisit({ chunks }: Visit, store: VisitStore): Promise<Judging["pages"]> {
  const names = new Set<string>();
  for await (const { page } of store.records(chunks)) names.add(page);
  const templates = templatesOf([...names]);
  return [...names].map((page) => ({ page, template: templates.get(page) ?? "/*" }));
}

async function imageStates(ids: readonly string[], { bucket, ledger }: SiteDeps): Promise<ImageState[]> {
  const [stored, rows] = await Promise.all([objectsOfImages(bucket, ids), ledger.rowsOfImages([...ids])]);
  return ids.map((id, at) => stateOf(stored.get(id) ?? [], rows[at] ?? []));
}

function stateOf(objects: readonly R2Object[], rows: readonly KnownRow[]): ImageState {
  const state = newImageState();
  for (const object of objects) {
    const metadata = fromCustomMetadata(object.customMetadata);
    const size = { width: metadata?.width ?? null, height: metadata?.height ?? null };
    noteStored(state, { key: object.key.slice(storeKey("").length), state: "stored", error: null, ...size });
  }
  for (const { key, state: name, error } of rows)
    if (!state.stored.has(key)) state.rows.set(key, { key, state: name, error, width: null, height: null });
  return state;
}

function runOf(site: string, { visit, startedAt }: Visit): string {
  return `site_${site}_${new Date(startedAt).toISOString().slice(0, 10)}_${visit}`;
}

/** Orders what is missing, as warming by hand does: in the lane `bulk`, within the budget. How many variants were ordered or waited already. */
async function warm(missing: readonly Missing[], site: string, visit: Visit, deps: SiteDeps): Promise<number> {
  const planner = new Planner(deps.config, DEFAULT_RECIPE, deps.signingKeys.length > 0);
  const label = `Site ${site}, visit ${visit.visit} (${visit.reason})`;
  const run = { run: runOf(site, visit), label, lane: "bulk" as const };
  const options = { force: false, onlyMissing: false, recipe: null };
  // A step that is repeated finds other images missing, so that each try is a delivery of its own.
  const delivery = `site:${site}:${visit.visit}:${deps.newOwner()}`;
  const order = { run, delivery, options, bodyHash: null, who: `site ${site}` };
  const { accepted, duplicates } = await acceptStream(
    cutChunks(missing, (item) => planner.plan(item)),
    order,
    deps,
  );
  return accepted + duplicates;
}
