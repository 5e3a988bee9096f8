import type { AuditEntry } from "@prewarm/control-schema/audit";
import { actWords } from "./act-words.ts";
import { count, focalWords } from "./format.ts";
import { imageUrl } from "./paths.ts";

type Details = Record<string, unknown>;

/** What the words of charts leave out, for they are about one job only or say less than the log can. */
const SENTENCES: Record<string, (details: Details, target: string) => string> = {
  warm: (details) => `A run was started${counted(details, ["accepted", "duplicates", "existing", "rejectedTotal"])}`,
  "job.retry": ({ key }) => `One job was retried: ${text(key)}`,
  "job.cancel": ({ key }) => `One job was cancelled: ${text(key)}`,
  "image.purge": (_, target) => `Image ${target} was purged`,
  "image.remove": ({ reason }, target) => `Image ${target} was removed: ${text(reason)}`,
  "images.purge": (details) => manyImages("purged", details),
  "images.remove": (details) => `${manyImages("removed", details)}: ${text(details.reason)}`,
  "image.unblock": (_, target) => `Image ${target} was unblocked`,
  "image.focal": ({ focal }, target) =>
    Array.isArray(focal)
      ? `The focal point of image ${target} was set to ${focalWords(focal)}`
      : `The focal point of image ${target} was taken back`,
  "action.retry": (details) => bulk("Retry", details),
  "action.cancel": (details) => (details.total === undefined ? "An action was stopped" : bulk("Cancel", details)),
  "doctor.fix": ({ count: n }, target) => `The doctor mended ${count(Number(n))} × ${target}`,
  "coverage.report": ({ share }, target) =>
    `The coverage of ${target} was reported: ${Math.floor(Number(share) * 10) / 10} % of its image URLs are warm`,
  "ledger.export": () => "The ledger was exported",
};

/** An entry of the log as a sentence without its stop; what nobody gave words yet keeps its name. */
export function auditSentence(entry: AuditEntry): string {
  const { what, target, details } = entry;
  const own = Object.hasOwn(SENTENCES, what) ? SENTENCES[what] : undefined;
  const said = own?.(details, target ?? "") ?? actWords(entry);
  return said === null ? [what, target].filter(Boolean).join(" ") : said.charAt(0).toUpperCase() + said.slice(1);
}

/** Where the thing stands that it is about; null: nowhere. */
export function auditLink({ what, target }: AuditEntry): string | null {
  if (target === null) return null;
  if (what === "warm" || what.startsWith("run.")) return `/runs/${encodeURIComponent(target)}`;
  if (what.startsWith("job.")) return `/jobs/${encodeURIComponent(target)}`;
  if (what === "coverage.report") return "/usage/sites";
  return what.startsWith("image.") ? imageUrl(target) : null;
}

const NAMES: Record<string, string> = {
  ...{ accepted: "enqueued", duplicates: "under way", existing: "stored already", rejectedTotal: "not accepted" },
};

function counted(details: Details, names: readonly string[]): string {
  const said = names.filter((name) => Number(details[name]) > 0);
  if (said.length === 0) return "";
  return `: ${said.map((name) => `${count(Number(details[name]))} ${NAMES[name] ?? name}`).join(", ")}`;
}

/** `Retry of 241 jobs that are dead, 100 a second, five of them first`. */
function bulk(what: string, { total, exact, rate, canary, filter }: Details): string {
  const number = `${exact === false ? "at least " : ""}${count(Number(total))} ${Number(total) === 1 ? "job" : "jobs"}`;
  const more = [
    filterWords(filter),
    typeof rate === "number" ? `${rate} a second` : "",
    Number(canary) > 0 ? `${Number(canary)} of them first` : "",
  ];
  return [`${what} of ${number}`, ...more.filter(Boolean)].join(", ");
}

/** `12,000 images were purged (folder summer/)`; without a label the first ids. */
function manyImages(done: string, { images, first, label }: Details): string {
  const n = Number(images);
  const ids = Array.isArray(first) ? first.map(text) : [];
  const named = typeof label === "string" ? label : `${ids.join(", ")}${n > ids.length ? ", …" : ""}`;
  return `${count(n)} ${n === 1 ? "image was" : "images were"} ${done} (${named})`;
}

/** `state dead, search cause:f1`: lists of jobs by their number. */
function filterWords(filter: unknown): string {
  if (typeof filter !== "object" || filter === null) return "";
  return Object.entries(filter)
    .filter(([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) =>
      name === "jobs" && Array.isArray(value) ? `${value.length} picked` : `${name} ${text(value)}`,
    )
    .join(", ");
}

function text(value: unknown): string {
  return Array.isArray(value)
    ? value.map(text).join(" or ")
    : typeof value === "string"
      ? value
      : JSON.stringify(value);
}
