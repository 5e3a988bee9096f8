import { templatesOf } from "@prewarm/site-pages/templates";
import type { RecordStore } from "../pages/page-record.ts";
import type { Coverage } from "./report-coverage.ts";

/** `uses`: uses of images in all pages. */
export type Inventory = Pick<Coverage, "pages" | "faults"> & { uses: number };

/** The pages of the store in its order, each once. */
export async function takeInventory(store: RecordStore): Promise<Inventory> {
  const names = new Set<string>();
  const faults: { page: string; fault: NonNullable<Coverage["faults"][number]["fault"]> }[] = [];
  let uses = 0;
  for await (const { page, fault, images } of store.read()) {
    if (names.has(page)) continue;
    names.add(page);
    if (fault !== null) faults.push({ page, fault });
    uses += images.length;
  }
  const templates = templatesOf([...names]);
  return { pages: [...names].map((page) => ({ page, template: templates.get(page) ?? "/*" })), faults, uses };
}
