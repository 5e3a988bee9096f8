import type { ImageUse } from "@prewarm/site-pages/read-page";
import { expect, it } from "vitest";
import { merge } from "./shown-page.ts";

it("an address that a browser asked for is certain, and stands where the page has it", () => {
  const asked: ImageUse[] = [
    [0, "a?w=320", true],
    [0, "b?w=320", true],
  ];
  const read: ImageUse[] = [
    [7, "a?w=320", false],
    [9, "c?w=320", false],
  ];
  expect(merge(asked, read)).toEqual([
    [7, "a?w=320", true],
    [0, "b?w=320", true],
    [9, "c?w=320", false],
  ]);
});
