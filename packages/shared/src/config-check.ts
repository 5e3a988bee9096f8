import * as z from "zod";
import { type Config, withDefaults } from "./config.ts";
import { COLLECTIONS, type Collection, RELATIONS } from "./config-relations.ts";
import { configSchema } from "./config-schema.ts";
import { nearest } from "./nearest.ts";
import type { Fault } from "./schema-parts.ts";
import { settingsIn } from "./setting-leaves.ts";
import { recipesOf } from "./upload-recipe.ts";

/**
 * Judges a configuration that `defineConfig` made: every fault at once, each as `path: how to mend it`; none is an empty list. `edgeHosts` are
 * hosts of the edge beside those of `deploy`. For build and start; the edge does not carry it.
 */
export function checkConfig(config: Config, edgeHosts: readonly string[] = []): string[] {
  const parsed = configSchema.safeParse(settingsOf(config));
  const issues = parsed.success ? [] : parsed.error.issues;
  return [...issues.flatMap(describe), ...relationFaults(config, issues, edgeHosts)];
}

/** The settings as they hold, and whatever else the site wrote. */
function settingsOf({ written, ladder: _, ratios: __, qualities: ___, ...settings }: Config): object {
  return { ...written, ...settings, limits: withDefaults(written).limits };
}

function relationFaults(config: Config, issues: readonly z.core.$ZodIssue[], edgeHosts: readonly string[]): string[] {
  const broken = new Set(issues.map(({ path }) => printPath(path.slice(0, isInCollection(path) ? 2 : 1))));
  const isWhole = (setting: string): boolean => ![...broken].some((path) => path.split(/[.[]/, 1)[0] === setting);
  return RELATIONS.filter(({ needs }) => needs.every(isWhole)).flatMap(({ each, faults }) => {
    const print = (at: readonly (string | number)[], found: readonly Fault[]) =>
      found.map(({ path, mend }) => `${printPath([...at, ...path])}: ${mend}`);
    if (each === undefined) return print([], faults(config, "", edgeHosts));
    const sound = broken.has(each) ? [] : namesIn(config, each).filter((name) => !broken.has(printPath([each, name])));
    return sound.flatMap((name) => print([each, name], faults(config, name, edgeHosts)));
  });
}

function namesIn(config: Config, each: Collection): (string | number)[] {
  const collection = each === "recipes" ? recipesOf(config) : config[each];
  return Array.isArray(collection) ? [...collection.keys()] : Object.keys(collection);
}

function isInCollection(path: readonly PropertyKey[]): boolean {
  return path.length > 1 && COLLECTIONS.some((setting) => setting === path[0]);
}

function describe(issue: z.core.$ZodIssue): string[] {
  const path = printPath(issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${path === "" ? "" : `${path}.`}${key}: ${unknownKey(key, issue.path)}`);
  // The name is at fault, and not what stands under it.
  const message = issue.code === "invalid_key" ? issue.issues[0]?.message : issue.message;
  return [`${path}: ${message}`];
}

/** A name that stands nearby comes before one of another place. */
function unknownKey(key: string, path: readonly PropertyKey[]): string {
  const places = settingsIn(configSchema);
  const elsewhere = nearest(
    key,
    [...places.keys()].map((place) => place.split(".").at(-1) ?? ""),
  );
  const meant = nearest(key, settingsAt(path)) ?? [...places.keys()].find((place) => place.endsWith(`.${elsewhere}`));
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
