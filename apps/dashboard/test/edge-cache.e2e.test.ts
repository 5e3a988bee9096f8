import { expect, it } from "vitest";
import { atFakeApi } from "./at-fake-api.ts";
import { stats } from "./fixtures-stats.ts";
import { violations, visit } from "./visit.ts";

const { at } = atFakeApi();

it("the System page says how many purges wait for the edge's cache and why, and ends its copies by hand", async () => {
  const { page, close } = await visit(at.browser);
  const now = Date.now();
  const edgeCache = {
    ...{ waiting: 12, oldestAt: now - 120_000, acceptedAt: now - 600_000 },
    error: { text: "the edge answered 405", at: now - 30_000 },
  };
  at.api.answers["GET /api/v1/stats"] = () => ({ ...stats(false), edgeCache });
  at.api.answers["POST /api/v1/edge-cache/purge"] = ({ body }) => body;
  await page.goto(`${at.api.url}/system`);
  const card = page.getByRole("region", { name: "Edge cache" });
  await card.waitFor();
  expect(await card.innerText()).toMatch(/12 purges for the cache to take, due 2 min ago/);
  expect(await card.innerText()).toContain("the edge answered 405");
  expect(await violations(page)).toEqual([]);
  await card.getByRole("button", { name: "Purge signed URLs" }).click();
  await page.getByRole("textbox").fill("signed");
  const asked = page.waitForRequest("**/api/v1/edge-cache/purge");
  await page.getByRole("button", { name: "Purge", exact: true }).click();
  expect((await asked).postDataJSON()).toEqual({ of: "signed" });
  await page.getByText("The purge is due.").waitFor();
  await close();
});
