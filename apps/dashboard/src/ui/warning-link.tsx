import type { Warning } from "@prewarm/control-schema/stats";
import { place } from "../lib/router.ts";

const WORDS: Record<string, string> = {
  "/causes": "Causes",
  "/jobs": "Jobs",
  "/system": "System",
  "/steering": "Steering",
};

/** The way to a warning's cause; nothing on the page that it leads to. */
export function WarningLink({ warning: { link } }: { warning: Pick<Warning, "link"> }) {
  const [path = ""] = link.split("?");
  if (path === place.value.pathname) return null;
  return <a href={link}>{WORDS[path] ?? "Look"}</a>;
}
