import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { RecipeSuggestion } from "@prewarm/control-schema/recipe";
import type { Config } from "@prewarm/shared/config";
import { createControlApi } from "../api/control-api.ts";
import type { Arguments } from "../arguments/command.ts";
import { findConfigFile, loadConfig } from "../arguments/load-config.ts";
import { readControlSettings } from "../arguments/settings.ts";
import type { Context } from "../platform/context.ts";
import { unifiedDiff, withPages } from "../site/config-diff.ts";
import { formatCount } from "../terminal/progress.ts";
import { createReport } from "../terminal/report.ts";
import { formatTable } from "../terminal/table.ts";

/**
 * Prints lines of `pages` to add and to drop, by what pages ask for and viewers missed: the diff of the configuration on stdout, what each line
 * gains beside it.
 */
export async function suggestPages(args: Arguments, context: Context): Promise<void> {
  const api = createControlApi(readControlSettings(args, context), context);
  const given = { what: "what is suggested" };
  const suggested = await api.call("GET /api/v1/recipe/suggestion", {}, RecipeSuggestion, given);
  const report = createReport(args, context);
  if (report.json) report.document("prewarm.recipe/1", { ...suggested });
  else {
    // Only the diff goes to stdout, so that it can be applied.
    for (const line of tablesOf(suggested)) report.note(line);
    for (const line of await diffOf(suggested, args, context)) report.data(line);
  }
  if (suggested.text !== null) report.note(suggested.text);
}

function tablesOf({ add, drop, jobs }: RecipeSuggestion): string[] {
  if (add.length + drop.length === 0) return ["No line is to be added or dropped."];
  const price = (amount: number | null) => (amount === null ? "" : `${amount.toFixed(4)} an upload`);
  const added = add.map(({ line, views, images, days, jobsPerUpload, amount }) => [
    ...[line, `+${formatCount(views)} views`, `${images} images, ${days} days`, `+${jobsPerUpload} jobs an upload`],
    price(amount),
  ]);
  const dropped = drop.map(({ spec, line, views, jobsPerUpload, amount }) => [
    ...[`${line}: ${spec}`, `${formatCount(views)} views`, "no page asks for it", `-${jobsPerUpload} jobs an upload`],
    price(amount),
  ]);
  const table = (title: string, rows: string[][]) => (rows.length === 0 ? [] : [title, ...formatTable(rows)]);
  const total = `An upload takes ${jobs.after} jobs instead of ${jobs.before}.`;
  return [...table("To add:", added), ...table("To drop:", dropped), total];
}

async function diffOf({ pages }: RecipeSuggestion, args: Arguments, context: Context): Promise<string[]> {
  const path = findConfigFile(args, context);
  if (pages === null || path === null) return [];
  const config = await loadConfig(args, context);
  const before = readFileSync(path, "utf8");
  const after = withPages(before, changedOf(pages, config.pages));
  return after === null ? [] : unifiedDiff(relative(context.cwd, path), before, after);
}

function changedOf(pages: NonNullable<RecipeSuggestion["pages"]>, now: Config["pages"]): Record<string, unknown> {
  const old = new Map<string, unknown>(Object.entries(now));
  return Object.fromEntries(
    Object.entries(pages).filter(([name, value]) => JSON.stringify(old.get(name)) !== JSON.stringify(value)),
  );
}
