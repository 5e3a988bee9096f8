import { CACHE_MODEL, CACHE_SHOWN } from "./cache-model.ts";
import { CACHE_PURGES } from "./cache-purges.ts";
import { CALLED_IN } from "./called-in.ts";
import { COVERAGE } from "./coverage.ts";
import { ENVIRONMENTS } from "./environments.ts";
import { FINDINGS } from "./findings.ts";
import { FOCAL } from "./focal.ts";
import { HISTORIES } from "./histories.ts";
import { HOOK_PROOFS } from "./hooks.ts";
import { IMAGE_SIGNATURES } from "./image-signature.ts";
import { LEAN_DRAIN } from "./lean-drain.ts";
import { LEGACY_URLS } from "./legacy-urls.ts";
import { MONEY } from "./money.ts";
import { P1_TO_P8 } from "./p1-p8.ts";
import { P9_TO_P17 } from "./p9-p17.ts";
import { PACES } from "./pace.ts";
import { PACKAGE_RULES } from "./packages.ts";
import { PAGES } from "./pages.ts";
import { PLATFORM } from "./platform.ts";
import { POSTERS } from "./posters.ts";
import type { Mutation } from "./promises.ts";
import { READS } from "./reads.ts";
import { REMOVALS } from "./removal.ts";
import { RESTORES } from "./restore.ts";
import { RESULTS } from "./results.ts";
import { REWRITER } from "./rewriter.ts";
import { RUNNER } from "./runner.ts";
import { SMALLEST } from "./smallest.ts";
import { STAND_INS } from "./stand-ins.ts";
import { STUCK } from "./stuck.ts";
import { THIRD_REVIEW_API } from "./third-review-api.ts";
import { TOOLS } from "./tools.ts";
import { TURNS } from "./turns.ts";
import { WATCH } from "./watch.ts";
import { WEATHER } from "./weather.ts";
import { WORKERS_CACHE } from "./workers-cache.ts";

export const MUTATIONS: Mutation[] = [
  ...P1_TO_P8,
  ...P9_TO_P17,
  ...STAND_INS,
  ...SMALLEST,
  ...WEATHER,
  ...PLATFORM,
  ...PACES,
  ...CALLED_IN,
  ...FINDINGS,
  ...ENVIRONMENTS,
  ...PACKAGE_RULES,
  ...FOCAL,
  ...IMAGE_SIGNATURES,
  ...HOOK_PROOFS,
  ...LEAN_DRAIN,
  ...LEGACY_URLS,
  ...POSTERS,
  ...STUCK,
  ...THIRD_REVIEW_API,
  ...TOOLS,
  ...TURNS,
  ...RESULTS,
  ...RESTORES,
  ...READS,
  ...MONEY,
  ...RUNNER,
  ...WATCH,
  ...PAGES,
  ...HISTORIES,
  ...COVERAGE,
  ...REWRITER,
  ...REMOVALS,
  ...WORKERS_CACHE,
  ...CACHE_MODEL,
  ...CACHE_SHOWN,
  ...CACHE_PURGES,
];
