import { expect, it, vi } from "vitest";

it("every entry runs where there is no browser", async () => {
  const said = vi.spyOn(console, "log").mockReturnValue();
  // @ts-expect-error: a script without types
  await import("./program.mjs");
  const printed: unknown[] = JSON.parse(String(said.mock.lastCall?.[0]));
  expect(printed).toHaveLength(21);
  expect(printed).not.toContain(null);
  const markup = printed.slice(2, 5).join("");
  expect(markup).toContain("&lt;script>");
  expect(markup).not.toContain("<script>");
});
