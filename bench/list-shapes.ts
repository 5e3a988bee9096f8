// `node bench/list-shapes.ts [--runs N] [--shape N]`: the same warming run of 400 variants under every way in which a service may list its jobs,
// compared with the bare list of the reference; without any list; and with the dialect changed three times while it runs.
import { parseArgs } from "node:util";
import type { EmulatorOptions } from "@prewarm/ittybit-emulator/server";
import type { LocalStack } from "./drain/local-stack.ts";
import { type Drain, type Measured, measure } from "./drain/measure.ts";
import { type Figure, report } from "./figures.ts";

const { values } = parseArgs({
  options: { runs: { type: "string", default: "1" }, shape: { type: "string" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});

const DRAIN: Drain = { variants: 400, slots: 50, perSecond: 20, jobMs: { min: 2_000, max: 2_000 } };
const BARE: EmulatorOptions = { listShape: "bare" };
const SHAPES: EmulatorOptions[] = [
  ...(["data", "object", "jobs", "tasks", "items", "results"] as const).map((listShape) => ({ listShape })),
  { listShape: "bare", listHeaders: false },
  { listShape: "bare", listHeaders: false, listCursors: false },
  { profile: "guide", listShape: "object", listHeaders: false },
  { profile: "sdk" },
  { profile: "v2025" },
];
const NO_LIST: EmulatorOptions = { lists: false };
const DIALECTS = ["guide", "sdk", "v2025"] as const;

/** Each quarter of the run is answered in another dialect. */
function changing(): NonNullable<Drain["meanwhile"]> {
  let changed = 0;
  return ({ emulator }: LocalStack, stored: number) => {
    const profile = DIALECTS[changed];
    if (profile === undefined || stored < ((changed + 1) * DRAIN.variants) / 4) return;
    emulator.control.configure({ profile });
    changed += 1;
  };
}

async function times(make: () => Drain): Promise<Measured[]> {
  const all: Measured[] = [];
  for (let run = 0; run < Number(values.runs); run += 1) all.push(await measure(make()));
  return all;
}

const figures: Figure[] = [];
const bare = await times(() => ({ ...DRAIN, emulator: BARE }));
const shareOfBare = bare.reduce((sum, { share }) => sum + share, 0) / bare.length;

interface Bounds {
  /** What the rate is compared with, and its name. */
  share: number;
  to: string;
  atLeast: number;
  calls: number;
}

const LIKE_BARE: Bounds = { share: shareOfBare, to: "the bare list's", atLeast: 0.9, calls: 1.2 };

function note(name: string, all: readonly Measured[], { share, to, atLeast, calls }: Bounds): void {
  const ratios = (of: (one: Measured) => number) => all.map(of);
  figures.push(
    { name: `${name}: rate`, to, ratios: ratios((one) => one.share / share), atLeast },
    { name: "calls to Ittybit", to: "variants", ratios: ratios((one) => one.calls), atMost: calls },
    { name: "jobs at Ittybit", to: "variants", ratios: ratios(({ jobs }) => jobs), atMost: 1 },
  );
}

note("the bare list", bare, { ...LIKE_BARE, share: 1, to: "the least of rate and slots / job time" });
for (const [at, emulator] of SHAPES.entries()) {
  if (values.shape !== undefined && at !== Number(values.shape)) continue;
  note(JSON.stringify(emulator), await times(() => ({ ...DRAIN, emulator })), LIKE_BARE);
}
note("no list", await times(() => ({ ...DRAIN, emulator: NO_LIST })), { ...LIKE_BARE, atLeast: 0.7, calls: 3 });
note("another dialect each quarter", await times(() => ({ ...DRAIN, meanwhile: changing() })), LIKE_BARE);
report("list-shapes", figures);
