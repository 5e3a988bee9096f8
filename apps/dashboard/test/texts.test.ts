import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { listTexts } from "../scripts/texts.ts";

it("has every text of the dashboard in one list, for one person to review", async () => {
  const list = await readFile(new URL("../TEXTS.md", import.meta.url), "utf8");
  expect(list === (await listTexts()) || "print it: node apps/dashboard/scripts/texts.ts").toBe(true);
  // The list sees markup, attributes, plain strings and templates.
  for (const text of [
    "What viewers get now",
    "Search jobs",
    "Acknowledged. It stays quiet until it changes.",
    "Retrying now: …",
  ])
    expect(list).toContain(text);
});
