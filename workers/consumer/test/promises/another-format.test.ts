import { expect, it } from "vitest";
import { verifyOutput } from "../../src/output/verify.ts";
import { picture } from "../../src/testing/pictures.ts";

const ASKED = { size: { width: 64, height: 32 }, asked: { width: 64, height: null }, fit: null };

it("refuses another format that ends as the asked one does", async () => {
  const png = await picture("png", 64, 32);
  // A JPEG ends with FF D9; whoever looks only there is deceived.
  const disguised = new Uint8Array([...png, 0xff, 0xd9]);
  expect(verifyOutput(disguised, { format: "jpeg", ...ASKED })).toMatchObject({ ok: false });
  const jpeg = await picture("jpeg", 64, 32);
  expect(verifyOutput(jpeg, { format: "jpeg", ...ASKED })).toMatchObject({ ok: true });
});
