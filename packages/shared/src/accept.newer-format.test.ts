import { expect, it, vi } from "vitest";

/** A format of the day after tomorrow, added as CONTRIBUTING says: before every older one, with its row. */
const JXL = "jxl";
vi.mock("./config.ts", async (importOriginal) => {
  const config = await importOriginal<typeof import("./config.ts")>();
  return { ...config, FORMATS: [JXL, ...config.FORMATS] };
});
vi.mock("./mime.ts", async (importOriginal) => {
  const mime = await importOriginal<typeof import("./mime.ts")>();
  return { ...mime, FORMAT_ROWS: { ...mime.FORMAT_ROWS, [JXL]: { type: "image/jxl", wildcard: "no" } } };
});

it("a new format whose row says so is shown to those that name it, and to no link preview", async () => {
  const { negotiate, showsInstead } = await import("./accept.ts");
  const format = JXL as "avif";
  for (const accept of [null, "", "*/*", "image/*", "text/html,*/*;q=0.8"]) {
    expect(showsInstead(format, { asked: "jpeg", negotiated: true, accept })).toBe("no");
    expect(negotiate(accept, { formats: [format, "webp", "jpeg"] })).not.toContain(JXL);
  }
  const named = "image/jxl,image/webp,*/*";
  expect(showsInstead(format, { asked: "jpeg", negotiated: true, accept: named })).toBe("proven");
  expect(negotiate(named, { formats: [format, "webp", "jpeg"] })[0]).toBe(JXL);
});
