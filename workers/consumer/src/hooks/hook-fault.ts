import { type Config, secretNames } from "@prewarm/shared/config";
import { settingOf } from "@prewarm/shared/environment-check";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";

/** Faults of what is given to the Worker, and of its configuration; both as `path: how to mend it`. */
export interface Faults {
  configFaults: readonly string[];
  environmentFaults: readonly string[];
}

/** Settings that decide which variants an upload has. */
const TRANSFORM_SETTINGS = ["sources", "pages", "formats", "access", "presets"];

/**
 * The first fault that a hook cannot work with; null: it can. A hook that does not exist is at fault when the hooks themselves cannot be
 * read: it may be one of them.
 */
export function hookFault(name: string, { hooks }: Config, { configFaults, environmentFaults }: Faults): string | null {
  const unread = configFaults.find((fault) => settingOf(fault) === "hooks" && !/^hooks\./.test(fault));
  const misspelt = configFaults.find((fault) => fault.endsWith("did you mean hooks?"));
  const hook = isRecord(hooks) && Object.hasOwn(hooks, name) ? hooks[name] : undefined;
  if (unread !== undefined || hook === undefined) return unread ?? misspelt ?? null;
  const own = configFaults.find((fault) => fault.startsWith(`hooks.${name}.`) || fault.startsWith(`hooks.${name}:`));
  if (own !== undefined) return own;
  const secret = environmentFaults.find((fault) => secretNames(hook.verifier).includes(settingOf(fault)));
  return secret ?? recipeFault(hook.recipe ?? DEFAULT_RECIPE, configFaults);
}

/** The first fault that would make an upload under this recipe come to nothing. */
export function recipeFault(recipe: string, configFaults: readonly string[]): string | null {
  const isOf = (fault: string): boolean =>
    TRANSFORM_SETTINGS.includes(settingOf(fault)) ||
    /^recipes[:[]/.test(fault) ||
    fault.startsWith(`recipes.${recipe}[`) ||
    fault.startsWith(`recipes.${recipe}:`);
  return configFaults.find(isOf) ?? null;
}

export function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
