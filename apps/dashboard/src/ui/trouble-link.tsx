import type { Trouble } from "@prewarm/control-schema/troubles";
import { place } from "../lib/router.ts";

const WORDS: Record<string, string> = {
  "/jobs/causes": "Causes",
  "/jobs": "Jobs",
  "/system": "System",
  "/usage": "Usage",
  "/steering": "Steering",
};

/** The way to a trouble's cause; nothing on the page that it leads to. */
export function TroubleLink({ trouble: { link } }: { trouble: Pick<Trouble, "link"> }) {
  const [path = ""] = link.split("?");
  if (path === place.value.pathname) return null;
  return <a href={link}>{WORDS[path] ?? "Look"}</a>;
}
