import type { Job } from "@prewarm/control-client/schema";

const COLUMNS = [
  "job",
  "id",
  "v",
  "transform",
  "format",
  "state",
  "lane",
  "run",
  "attempts",
  "error",
  "message",
  "createdAt",
  "updatedAt",
  "storedAt",
  "bytes",
] as const;

/**
 * RFC 4180 with a header; times are ISO 8601. No cell can begin a formula, because a spreadsheet would run what a stranger put into an
 * image's name.
 */
export function toCsv(jobs: readonly Job[]): string {
  const rows = jobs.map((job) => COLUMNS.map((column) => cell(textOf(job, column))).join(","));
  return `${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

function textOf(job: Job, column: (typeof COLUMNS)[number]): string {
  if (column === "error") return job.error?.code ?? "";
  if (column === "message") return job.error?.message ?? "";
  const value = job[column];
  if (value === null) return "";
  return column.endsWith("At") ? new Date(Number(value)).toISOString() : String(value);
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
