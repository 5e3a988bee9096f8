import { expect, it } from "vitest";
import { sanityRef } from "./sanity.ts";

const NAME = "image-Tb9Ew8CXIwaY6R1kjMvI0uRR-2000x3000-jpg";
const REF = { id: "Tb9Ew8CXIwaY6R1kjMvI0uRR-2000x3000.jpg", width: 2000, height: 3000 };

it.each([
  ["an asset's id", NAME],
  ["a reference", { _type: "reference", _ref: NAME }],
  ["an asset", { _type: "sanity.imageAsset", _id: NAME, url: "https://cdn.sanity.io/images/x/y.jpg" }],
  ["a field with a reference", { _type: "image", asset: { _type: "reference", _ref: NAME } }],
  ["a field with its asset", { _type: "image", asset: { _id: NAME } }],
])("reads %s", (_, source) => expect(sanityRef(source)).toEqual(REF));

it.each([null, undefined, "", "file-abc-pdf", { asset: null }, { _ref: "image-x-0x-jpg" }])(
  "finds no image in %j",
  (source) => expect(sanityRef(source)).toBeNull(),
);

it("puts the source's prefix before the id", () => expect(sanityRef(NAME, "cms/")?.id).toBe(`cms/${REF.id}`));
