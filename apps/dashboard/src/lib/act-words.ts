import type { AuditEntry } from "@prewarm/control-schema/audit";
import { count } from "./format.ts";
import { LANES } from "./job-filter.ts";

/* An entry of the audit log in a few words: what was done, and from what to what. */

type Details = Record<string, unknown>;

const WORDS: Record<string, (details: Details, target: string | null) => string> = {
  "code.version": (_, target) => `version ${target} runs`,
  "breaker.opened": ({ reason }) => `the breaker opened${typeof reason === "string" ? `: ${reason}` : ""}`,
  "breaker.closed": () => "the breaker closed",
  "limit.moved": ({ from, to, why }, target) =>
    `${target === "concurrency" ? "concurrency" : "rate"} ${change(from, to)}${typeof why === "string" ? `: ${why}` : ""}`,
  "trouble.acknowledge": ({ sentence }) => `a trouble was acknowledged: ${sentence}`,
  "trouble.take_back": (_, target) => `the trouble ${target} is not acknowledged any more`,
  "trouble.forget": ({ why }, target) =>
    `the acknowledged trouble ${target} ${why === "gone" ? "is gone" : "has changed"}`,
  "ledger.restored": () => "an older database was restored",
  "gate.patch": gateWords,
  warm: () => "a run was started",
  "run.promote": ({ first }, target) =>
    first === true ? `run ${target} goes first in its lane` : `run ${target} takes turns again`,
  "run.cancel": (_, target) => `run ${target} was cancelled`,
  "image.purge": (_, target) => `${target} was purged`,
  "images.purge": ({ images }) => `purge of ${count(Number(images))} images`,
  "doctor.fix": (_, target) => `the doctor mended ${target}`,
  "action.retry": ({ total }) => `retry of ${count(Number(total))} jobs`,
  "action.cancel": ({ total }) =>
    total === undefined ? "an action was stopped" : `cancel of ${count(Number(total))} jobs`,
};

/** Null: of one job only, which moves no chart. */
export function actWords({ what, target, details }: AuditEntry): string | null {
  return Object.hasOwn(WORDS, what) ? (WORDS[what]?.(details, target) ?? null) : null;
}

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
  return said.join(", ") || "the gate was changed";
}

function asDetails(value: unknown): Details {
  return typeof value === "object" && value !== null ? (value as Details) : {};
}

function change(before: unknown, after: unknown): string {
  return typeof before === "number" ? `${before} → ${String(after)}` : `→ ${String(after)}`;
}
