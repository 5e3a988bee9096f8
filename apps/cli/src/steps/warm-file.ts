import type { ControlApi } from "../api/control-api.ts";
import type { Namer } from "../input/item.ts";
import type { Context } from "../platform/context.ts";
import { CHUNK_ITEMS_MAX } from "../send/chunk-items.ts";
import type { Complaints } from "../send/complaints.ts";
import { createStateStore, newRunState } from "../send/run-state.ts";
import { sendRun } from "../send/send-run.ts";
import type { Report } from "../terminal/report.ts";
import { waitForRun } from "./wait-for-run.ts";

interface Warming {
  api: ControlApi;
  /** Of `api`. */
  url: string;
  context: Context;
  namer: Namer;
  report: Report;
  complaints: Complaints;
  label: string;
  /** Unix ms. */
  deadline: number;
  /** Whether it resolves at the end of the run; else when all is accepted. */
  waits: boolean;
}

/** Warms what a file of NDJSON names, as one run. Throws as `sendRun` and `waitForRun` do. */
export async function warmFile(file: string, { api, url, waits, ...warming }: Warming): Promise<void> {
  const { context, report, label, deadline } = warming;
  const input = {
    operands: [],
    files: [file],
    sitemaps: [],
    pages: { places: [], site: null },
    r2: null,
    inventory: null,
  };
  const options = { defaults: {}, label, force: false, onlyMissing: false, chunkItems: CHUNK_ITEMS_MAX };
  const state = newRunState(url, { ...input, format: "ndjson" }, options, context.clock.now());
  const store = createStateStore(context.cwd);
  await sendRun(state, { api, ...warming, store, rate: null, update: report.update });
  report.note(`Warming what is missing: ${state.run}`);
  if (waits) await waitForRun(state.run, { api, context, progress: report, deadline, maxErrors: null });
  store.remove(state.run);
}
