import type { AuditEntry } from "@prewarm/control-schema/audit";
import { count, focalWords, plural } from "./format.ts";
import { LANES } from "./job-filter.ts";
import { imageUrl } from "./paths.ts";

/* An entry of the audit log as a sentence: what was done, and from what to what. */

type Details = Record<string, unknown>;

const SENTENCES: Record<string, (details: Details, target: string) => string> = {
  "code.version": (_, target) => `Version ${target} runs`,
  "breaker.opened": ({ reason }) => `The breaker opened${because(reason)}`,
  "breaker.closed": () => "The breaker closed",
  "limit.moved": ({ from, to, why }, target) => `${name(target)} ${change(from, to)}${because(why)}`,
  "trouble.acknowledge": ({ sentence }) => `A trouble was acknowledged: ${sentence}`,
  "trouble.take_back": (_, target) => `The trouble ${target} is not acknowledged any more`,
  "trouble.forget": ({ why }, target) =>
    `The acknowledged trouble ${target} ${why === "gone" ? "is gone" : "has changed"}`,
  "ledger.restored": () => "An older database was restored",
  "gate.patch": gateWords,
  warm: (details) => `A run was started${counted(details)}`,
  "run.promote": ({ first }, target) =>
    `Run ${target} ${first === true ? "goes first in its lane" : "takes turns again"}`,
  "run.cancel": (_, target) => `Run ${target} was cancelled`,
  "job.retry": ({ key }) => `One job was retried: ${text(key)}`,
  "job.cancel": ({ key }) => `One job was cancelled: ${text(key)}`,
  "image.purge": (_, target) => `Image ${target} was purged`,
  "image.remove": ({ reason }, target) => `Image ${target} was removed: ${text(reason)}`,
  "images.purge": (details) => manyImages("purged", details),
  "images.remove": (details) => `${manyImages("removed", details)}: ${text(details.reason)}`,
  "image.unblock": (_, target) => `Image ${target} was unblocked`,
  "image.focal": ({ focal }, target) =>
    `The focal point of image ${target} was ${Array.isArray(focal) ? `set to ${focalWords(focal)}` : "taken back"}`,
  "action.retry": (details) => bulk("Retry", details),
  "action.cancel": (details) => (details.total === undefined ? "An action was stopped" : bulk("Cancel", details)),
  "doctor.fix": ({ count: n }, target) => `The doctor mended ${count(Number(n))} × ${target}`,
  "coverage.report": ({ share }, target) =>
    `The coverage of ${target} was reported: ${Math.floor(Number(share) * 10) / 10} % of its image URLs are warm`,
  "ledger.export": () => "The ledger was exported",
};

/** An entry of the log as a sentence without its stop; what nobody gave words yet keeps its name. */
export function auditSentence({ what, target, details }: AuditEntry): string {
  const own = Object.hasOwn(SENTENCES, what) ? SENTENCES[what] : undefined;
  return own?.(details, target ?? "") ?? [what, target].filter(Boolean).join(" ");
}

/** What one job or image went through moves no chart; a limit that moved by itself is in the log. */
const MOVES_CHART = /^(?:code|breaker|trouble|ledger\.restored|gate|warm|run|images?\.purge|doctor|action)/;

export function movesChart({ what }: AuditEntry): boolean {
  return MOVES_CHART.test(what);
}

/** Where the thing stands that it is about; null: nowhere. */
export function auditLink({ what, target }: AuditEntry): string | null {
  if (target === null) return null;
  if (what === "warm" || what.startsWith("run.")) return `/runs/${encodeURIComponent(target)}`;
  if (what.startsWith("job.")) return `/jobs/${encodeURIComponent(target)}`;
  if (what === "coverage.report") return "/usage/sites";
  return what.startsWith("image.") ? imageUrl(target) : null;
}

const name = (limit: string): string => (limit === "concurrency" ? "Concurrency" : "Rate");
const because = (reason: unknown): string => (typeof reason === "string" ? `: ${reason}` : "");

function gateWords(details: Details): string {
  const { paused, rate, concurrency, budget, spent, breaker, undo } = details;
  const before = asDetails(details.before);
  const perSecond = asDetails(rate).perSecond ?? (typeof rate === "object" ? undefined : rate);
  const lanes = LANES.filter((lane) => lane in asDetails(paused)).map(
    (lane) => `${lane} ${asDetails(paused)[lane] === false ? "resumed" : "paused"}`,
  );
  const said = [
    undo !== undefined && "the last change was undone",
    ...lanes,
    perSecond !== undefined && `rate ${change(asDetails(before.rate).perSecond ?? before.rate, perSecond)}`,
    concurrency !== undefined && `concurrency ${change(before.concurrency, concurrency)}`,
    budget !== undefined && "the budget was changed",
    typeof spent === "number" && `${count(spent)} jobs of another ledger were counted in the budget`,
    breaker !== undefined && "the breaker was reset",
  ].filter(Boolean);
  const all = said.join(", ") || "the gate was changed";
  return all.charAt(0).toUpperCase() + all.slice(1);
}

function asDetails(value: unknown): Details {
  return typeof value === "object" && value !== null ? (value as Details) : {};
}

function change(before: unknown, after: unknown): string {
  return typeof before === "number" ? `${before} → ${String(after)}` : `→ ${String(after)}`;
}

const DOOR = [
  ["accepted", "enqueued"],
  ["duplicates", "under way"],
  ["existing", "stored already"],
  ["rejectedTotal", "not accepted"],
] as const;

function counted(details: Details): string {
  const said = DOOR.filter(([of]) => Number(details[of]) > 0);
  return said.length === 0 ? "" : `: ${said.map(([of, words]) => `${count(Number(details[of]))} ${words}`).join(", ")}`;
}

/** `Retry of 241 jobs, state dead, 100 a second, 5 of them first`. */
function bulk(what: string, { total, exact, rate, canary, filter }: Details): string {
  const more = [
    filterWords(filter),
    typeof rate === "number" ? `${rate} a second` : "",
    Number(canary) > 0 ? `${Number(canary)} of them first` : "",
  ];
  const number = `${exact === false ? "at least " : ""}${plural(Number(total), "job")}`;
  return [`${what} of ${number}`, ...more.filter(Boolean)].join(", ");
}

/** `12,000 images were purged (folder summer/)`; without a label the first ids. */
function manyImages(done: string, { images, first, label }: Details): string {
  const n = Number(images);
  const ids = Array.isArray(first) ? first.map(text) : [];
  const named = typeof label === "string" ? label : `${ids.join(", ")}${n > ids.length ? ", …" : ""}`;
  return `${plural(n, "image was", "images were")} ${done} (${named})`;
}

/** `state dead, search cause:f1`: lists of jobs by their number. */
function filterWords(filter: unknown): string {
  return Object.entries(asDetails(filter))
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([of, value]) => (of === "jobs" && Array.isArray(value) ? `${value.length} picked` : `${of} ${text(value)}`))
    .join(", ");
}

function text(value: unknown): string {
  if (Array.isArray(value)) return value.map(text).join(" or ");
  return typeof value === "string" ? value : JSON.stringify(value);
}
