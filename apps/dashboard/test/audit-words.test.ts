import { expect, it } from "vitest";
import { auditLink, auditSentence, movesChart } from "../src/lib/audit-words.ts";

const entry = (what: string, target: string | null, details: Record<string, unknown>) => {
  return { seq: 1, at: 0, who: "anna", what, target, details };
};

it.each([
  [
    "warm",
    "run_1",
    { accepted: 2_400, duplicates: 0, existing: 6 },
    "A run was started: 2,400 enqueued, 6 stored already",
  ],
  ["warm", "run_1", {}, "A run was started"],
  ["run.cancel", "run_1", {}, "Run run_1 was cancelled"],
  ["gate.patch", null, { paused: { bulk: true }, before: { paused: { bulk: false } } }, "Bulk paused"],
  ["gate.patch", null, { paused: { bulk: true, live: false } }, "Live resumed, bulk paused"],
  ["breaker.opened", null, { reason: "billing" }, "The breaker opened: billing"],
  ["code.version", "b2", { before: "a" }, "Version b2 runs"],
  [
    "limit.moved",
    "concurrency",
    { from: 200, to: 72, why: "Ittybit answered 429." },
    "Concurrency 200 → 72: Ittybit answered 429.",
  ],
  ["gate.patch", null, { rate: 5, before: { rate: 20 } }, "Rate 20 → 5"],
  ["gate.patch", null, { spent: 1200, before: {} }, "1,200 jobs of another ledger were counted in the budget"],
  [
    "action.retry",
    "act_1",
    { filter: { state: ["dead"], search: "cause:f1" }, rate: 50, total: 241, exact: true, canary: 5 },
    "Retry of 241 jobs, state dead, search cause:f1, 50 a second, 5 of them first",
  ],
  [
    "action.cancel",
    "act_1",
    { filter: { jobs: ["a", "b"] }, rate: null, total: 2, exact: false },
    "Cancel of at least 2 jobs, 2 picked",
  ],
  ["action.cancel", "act_1", {}, "An action was stopped"],
  ["job.retry", "0a", { key: "a.jpg/400-high.webp" }, "One job was retried: a.jpg/400-high.webp"],
  ["doctor.fix", "lost_object", { count: 3 }, "The doctor mended 3 × lost_object"],
  ["image.purge", "products/oak", {}, "Image products/oak was purged"],
  ["image.remove", "products/oak", { reason: "case 812" }, "Image products/oak was removed: case 812"],
  [
    "images.purge",
    "purge_1",
    { images: 12_000, first: ["a", "b", "c"], label: "folder summer/" },
    "12,000 images were purged (folder summer/)",
  ],
  [
    "images.remove",
    "remove_1",
    { images: 4, first: ["a", "b", "c"], label: null, reason: "case 812" },
    "4 images were removed (a, b, c, …): case 812",
  ],
  ["image.unblock", "products/oak", {}, "Image products/oak was unblocked"],
  [
    "image.focal",
    "products/oak",
    { focal: [0.3, 0.755] },
    "The focal point of image products/oak was set to 30 %, 76 %",
  ],
  ["coverage.report", "shop", { share: 99.88 }, "The coverage of shop was reported: 99.8 % of its image URLs are warm"],
  ["image.focal", "products/oak", { focal: null }, "The focal point of image products/oak was taken back"],
  ["later.thing", "x", { some: 1 }, "later.thing x"],
  ["constructor", null, {}, "constructor"],
])("%s %s reads as a sentence", (what, target, details, words) => {
  expect(auditSentence(entry(what, target, details))).toBe(words);
});

it("leads to what it is about, whatever is in the name", () => {
  const links = [
    auditLink(entry("warm", "run/1", {})),
    auditLink(entry("job.retry", "0a", {})),
    auditLink(entry("image.purge", "a b/ü.jpg", {})),
    auditLink(entry("action.retry", "act_1", {})),
    auditLink(entry("gate.patch", null, {})),
  ];
  expect(links).toEqual(["/runs/run%2F1", "/jobs/0a", "/images/a%20b/%C3%BC.jpg", null, null]);
});

it("marks in a chart what moves it: no single job, and no limit that moved by itself", () => {
  const names = ["code.version", "gate.patch", "image.purge", "job.retry", "limit.moved", "image.focal"];
  expect(names.filter((what) => movesChart(entry(what, "x", {})))).toEqual(names.slice(0, 3));
});
