import * as z from "zod";
import type { Config } from "./config.ts";
import { COLLECTIONS, RULES } from "./config-rules.ts";
import { configSchema } from "./config-schema.ts";
import { nearest } from "./nearest.ts";

/**
 * Judges a configuration that `defineConfig` made: every fault at once, each as `path: how to mend it`; none is an empty list.
 * For build and start; the edge does not carry it.
 */
export function checkConfig(config: Config): string[] {
  const parsed = configSchema.safeParse(config);
  const issues = parsed.success ? [] : parsed.error.issues;
  const broken = new Set(issues.map(({ path }) => printPath(path.slice(0, isInCollection(path) ? 2 : 1))));
  const isSound = (path: string): boolean => !broken.has(path);
  const isWhole = (setting: string): boolean => ![...broken].some((path) => path.split(/[.[]/, 1)[0] === setting);
  const related = RULES.filter(
    ({ needs, walks }) => needs.every(isWhole) && (walks === undefined || isSound(walks)),
  ).flatMap((rule) => rule.faults(config, isSound));
  return [...issues.flatMap(describe), ...related.map(({ path, mend }) => `${path}: ${mend}`)];
}

function isInCollection(path: readonly PropertyKey[]): boolean {
  return path.length > 1 && COLLECTIONS.some((setting) => setting === path[0]);
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = printPath(issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${path === "" ? "" : `${path}.`}${key}: ${unknownKey(key, issue.path)}`);
  return [`${path}: ${issue.message}`];
}

function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const meant = nearest(key, settingsAt(path));
  return meant === undefined
    ? "there is no such setting: leave it out"
    : `there is no such setting; did you mean ${meant}?`;
}

/** The names of the settings that a place of the configuration has. */
function settingsAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = configSchema;
  for (const part of path) {
    if (schema instanceof z.ZodObject) schema = schema.shape[String(part)];
    else schema = schema instanceof z.ZodRecord ? schema.valueType : undefined;
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function printPath(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
}
