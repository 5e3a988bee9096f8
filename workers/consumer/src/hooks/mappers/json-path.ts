import type { Config, MapperConfig } from "@prewarm/shared/config";
import { type HookEvent, orderText, toEvent } from "../hook-event.ts";

type Settings = Extract<MapperConfig, { kind: "json-path" }>;

/** Any JSON, by paths from the configuration. Paths for an item's parts start at the item; `event` may also stand beside the items. */
export function mapJsonPath(body: unknown, config: Config, settings: Settings): HookEvent[] {
  const items = readPath(body, settings.items ?? "$");
  return items.map((item) => fromItem(item, body, config, settings));
}

function fromItem(item: unknown, body: unknown, config: Config, settings: Settings): HookEvent {
  const kind = kindOf(readText(item, settings.event) ?? readText(body, settings.event), settings);
  if (kind === null) return { kind: "ignored", reason: "another event" };
  const text = (path: string | undefined) => readText(item, path);
  return toEvent(
    {
      kind,
      id: text(settings.id),
      key: text(settings.key),
      v: text(settings.v),
      etag: text(settings.sourceEtag),
      order: orderText(text(settings.order)),
      contentType: text(settings.contentType),
      recipe: null,
      focal: settings.focal === undefined ? undefined : readPath(item, settings.focal)[0],
    },
    config,
  );
}

/** Without an `event` path everything is an upload; with one, only what is listed counts. */
function kindOf(
  value: string | null,
  { event, uploadValues, deleteValues = [] }: Settings,
): "upload" | "delete" | null {
  if (event === undefined) return "upload";
  if (value === null) return null;
  if (deleteValues.includes(value)) return "delete";
  return uploadValues === undefined || uploadValues.includes(value) ? "upload" : null;
}

/*
 * The little of JSONPath that mapping a webhook takes: `$`, `.name`, `['name']`, `[0]` and `[*]`. Only own properties are read, so that
 * `__proto__` and `constructor` are names like any other, and mostly absent.
 */

type Step = { name: string } | { index: number } | "all";

const STEP = /\.([A-Za-z_$][\w$-]*)|\[(\d{1,6})\]|\[\*\]|\.\*|\['([^']*)'\]|\["([^"]*)"\]/y;
const parsed = new Map<string, Step[]>();

/** A path as steps. Throws an Error for what is no such path; `checkConfig` finds it at build. */
export function parsePath(path: string): Step[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps: Step[] = [];
  // `data.id` is read as `$.data.id`.
  const text = path.startsWith("$") ? path.slice(1) : path.startsWith("[") ? path : `.${path}`;
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const at = STEP.lastIndex;
    const match = STEP.exec(text);
    if (match === null) throw new Error(`"${path}" is no path that is understood, from "${text.slice(at)}" on`);
    steps.push(toStep(match));
  }
  parsed.set(path, steps);
  return steps;
}

function toStep([, dotted, index, single, double]: RegExpExecArray): Step {
  const name = dotted ?? single ?? double;
  if (name !== undefined) return { name };
  return index === undefined ? "all" : { index: Number(index) };
}

/** Every value the path leads to, in order; none is an empty list. */
export function readPath(value: unknown, path: string): unknown[] {
  return parsePath(path).reduce<unknown[]>((found, step) => found.flatMap((one) => follow(one, step)), [value]);
}

function follow(value: unknown, step: Step): unknown[] {
  if (value === null || typeof value !== "object") return [];
  if (step === "all") return Object.values(value);
  if ("index" in step) return Array.isArray(value) && step.index < value.length ? [value[step.index]] : [];
  const descriptor = Object.getOwnPropertyDescriptor(value, step.name);
  return descriptor === undefined ? [] : [descriptor.value];
}

/** The first value a path leads to, when it is text or a number; else null. */
export function readText(value: unknown, path: string | undefined): string | null {
  if (path === undefined) return null;
  const [found] = readPath(value, path);
  return typeof found === "string" || typeof found === "number" ? String(found) : null;
}
