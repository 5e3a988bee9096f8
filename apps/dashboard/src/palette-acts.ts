import type { GatePatch } from "@prewarm/control-schema/gate";
import type { Stats } from "@prewarm/control-schema/stats";
import { raiseWords } from "@prewarm/shared/words";
import { patchGate } from "./api/patch-gate.ts";
import { may, signOut } from "./api/session.ts";
import { imagesIn } from "./lib/any-url.ts";
import { toggleDensity } from "./lib/density.ts";
import { count, plural } from "./lib/format.ts";
import { IMAGE_ACTS } from "./lib/image-acts.ts";
import { LANES } from "./lib/job-filter.ts";
import { helpOpen } from "./lib/keyboard.ts";
import { liveSwitch, setLive } from "./lib/live.ts";
import { imageUrl } from "./lib/paths.ts";
import { navigate, place } from "./lib/router.ts";
import { nextTheme } from "./lib/theme.ts";
import { nextTimeStyle } from "./lib/time-style.ts";
import { naming } from "./lib/views.ts";
import { tell } from "./ui/toast.tsx";
import { giveTurn } from "./ui/turn-button.tsx";

/** A line of the palette. */
export interface Choice {
  kind: string;
  text: string;
  /** What it does, where its text does not say so. */
  does?: string;
  /** Further words by which it is found. */
  words?: string;
  /** Enter takes it only when it is pressed again. */
  asks?: true;
  run(): unknown;
}

type Refresh = () => Promise<void>;
const act = (text: string, run: () => unknown, words = ""): Choice => ({ kind: "do", text, run, words });

/** Changes the gate, and tells what came of it once the page shows it. */
function patch(body: GatePatch, said: string, refresh: Refresh) {
  return () =>
    tell(async () => {
      await patchGate(body);
      await refresh();
      return said;
    });
}

/** What can be done from anywhere. What changes something tells its outcome. */
export function actChoices(stats: Stats | null, refresh: Refresh): Choice[] {
  return [
    ...pauseChoices(stats, refresh),
    ...placeChoices(),
    act("Save this view…", () => {
      naming.value = place.value.pathname + place.value.search;
    }),
    act("Row height", toggleDensity, "dense roomy"),
    act("Times: relative, local, UTC", nextTimeStyle, "zone clock"),
    act("Theme: automatic, light, dark", nextTheme),
    act("Live updates on or off", () => setLive(!liveSwitch.value)),
    act("Keyboard help", () => {
      helpOpen.value = true;
    }),
    act("Sign out", () => void signOut()),
  ];
}

function pauseChoices(stats: Stats | null, refresh: Refresh): Choice[] {
  if (!may("pause")) return [];
  const { undo = null, breaker } = stats?.gate ?? {};
  const atIttybit = stats?.utilisation.concurrency.used ?? 0;
  const paid = atIttybit === 0 ? "" : ` ${plural(atIttybit, "job")} already at Ittybit will still be paid for.`;
  const all = (on: boolean) => ({ paused: { live: on, upload: on, bulk: on } });
  return [
    LANES.every((lane) => stats?.gate.paused[lane])
      ? act("Resume all lanes", patch(all(false), "All lanes run again.", refresh), "start continue")
      : act("Pause all lanes", patch(all(true), `All lanes are paused.${paid}`, refresh), "stop spending"),
    ...LANES.map((lane) =>
      stats?.gate.paused[lane]
        ? act(`Resume ${lane}`, patch({ paused: { [lane]: false } }, `${lane} runs again.`, refresh), "start continue")
        : act(`Pause ${lane}`, patch({ paused: { [lane]: true } }, `${lane} is paused.`, refresh), "stop"),
    ),
    ...(undo === null
      ? []
      : [act(`Undo the last change, by ${undo.who}`, patch({ undo: undo.at }, "Undone.", refresh), "back revert")]),
    ...(breaker && breaker.state !== "closed"
      ? [act("Reset the breaker", patch({ breaker: { state: "closed" } }, "The breaker is closed again.", refresh))]
      : []),
  ];
}

/** What takes a page with a form, found by its verb. */
function placeChoices(): Choice[] {
  const at = (text: string, url: string, words: string) => act(text, () => navigate(url), words);
  return [
    ...(may("limits")
      ? [
          at("Change a limit…", "/steering#limits", "rate burst concurrency speed submissions slower faster"),
          at("Change the budget…", "/steering#limits", "limit money spending month"),
        ]
      : []),
    ...(may("promote") ? [at("Let a run go first…", "/runs?state=open", "promote priority order sooner")] : []),
    ...(may("retry") ? [at("Retry dead letters…", "/jobs/causes?window=all&state=dead", "failed again redrive")] : []),
    ...(may("purge")
      ? [{ ...at("Purge an image…", "/images", "invalidate refresh cache"), does: IMAGE_ACTS.purge }]
      : []),
    ...(may("remove")
      ? [{ ...at("Remove an image…", "/images", "delete block takedown person"), does: IMAGE_ACTS.remove }]
      : []),
  ];
}

/** A verb with what it is done to: `purge photos/boat`, `remove photos/boat`, `promote run_4f1c9a`, `warm <URL>`, `rate 20`, `concurrency 50`, `budget 10000`. */
export function argumentChoices(text: string, stats: Stats | null, refresh: Refresh): Choice[] {
  const [, verb = "", rest = ""] = /^(\w+)\s+(\S.*)$/s.exec(text) ?? [];
  const id = imagesIn(rest)[0]?.id ?? rest.trim();
  const number = Number(rest.replaceAll(",", ""));
  const limit = (name: string, body: GatePatch) =>
    may("limits") && number > 0
      ? [act(`${name}: ${count(number)}`, patch(body, `${name}: ${count(number)}.`, refresh))]
      : [];
  switch (verb.toLowerCase()) {
    case "purge":
      return may("purge") ? [deleting("purge", `Purge ${id}…`, id)] : [];
    case "remove":
    case "delete":
      return may("remove") ? [deleting("remove", `Remove ${id}…`, id)] : [];
    case "warm":
      return may("warm") ? [act(`Warm ${id}…`, () => navigate(`/runs/new?${new URLSearchParams({ ids: rest })}`))] : [];
    case "promote":
      return may("promote") ? [act(`Let ${rest.trim()} go first`, () => tell(() => giveTurn(rest.trim(), true)))] : [];
    case "retry":
      return [act(`Jobs of ${id} that can be retried`, () => navigate(retryPlace(id)))];
    case "rate":
      return limit("Submissions a second", { rate: number });
    case "concurrency":
      return limit("Jobs at Ittybit at once", { concurrency: number });
    case "budget":
      return limit("Jobs a month", { budget: { monthlyJobs: number } }).map((choice) => asked(choice, number, stats));
    default:
      return [];
  }
}

function deleting(what: keyof typeof IMAGE_ACTS, text: string, id: string): Choice {
  return { ...act(text, () => navigate(`${imageUrl(id)}?do=${what}`)), does: IMAGE_ACTS[what] };
}

/** A choice that raises the month's budget says what that may cost, and asks. */
function asked(choice: Choice, jobs: number, stats: Stats | null): Choice {
  const raise = stats && raiseWords(stats.budget.monthlyJobs, jobs, stats.spent.per1000Jobs);
  return raise ? { ...choice, text: `Jobs a month: ${raise}`, asks: true } : choice;
}

function retryPlace(id: string): string {
  const query = new URLSearchParams({ search: `id:"${id}"` });
  for (const state of ["dead", "refused", "cancelled"]) query.append("state", state);
  return `/jobs?${query}`;
}
