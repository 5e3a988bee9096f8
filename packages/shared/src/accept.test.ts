import { describe, expect, it } from "vitest";
import { negotiate, showsInstead } from "./accept.ts";
import { FORMATS, type Format } from "./config.ts";

const config: { formats: Format[] } = { formats: ["avif", "webp", "jpeg"] };

describe("negotiate", () => {
  it.each<[string | null, Format, string]>([
    ["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif", "Chrome 85 and later"],
    ["image/webp,image/apng,image/*,*/*;q=0.8", "webp", "Chrome before 85"],
    ["image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "avif", "Firefox 128 and later"],
    ["image/avif,image/webp,*/*", "avif", "Firefox 92 to 127"],
    ["image/webp,*/*", "webp", "Firefox 65 to 91"],
    ["*/*", "jpeg", "Firefox before 65, curl"],
    ["image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", "jpeg", "Safari 13"],
    ["image/webp,image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5", "webp", "Safari 14"],
    [
      "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
      "avif",
      "Safari 17",
    ],
    ["text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", "webp", "a page load in Firefox 66"],
    ["image/png,image/*;q=0.8,*/*;q=0.5", "jpeg", "Internet Explorer's heirs"],
    [null, "jpeg", "no header"],
    ["", "jpeg", "an empty header"],
    ["image/*", "jpeg", "a wildcard proves nothing"],
    ["image/avif;q=0,image/webp", "webp", "q=0 refuses"],
    ["image/avif;q=0.000,image/webp;q=0", "jpeg", "q=0 in its longest form"],
    ["image/avif;q=0.5,image/webp;q=0.9", "webp", "the client's order before ours"],
    ["image/webp;q=0.5,image/*;q=0.9", "jpeg", "the wildcard's weight is JPEG's"],
    ["image/jpeg,image/webp;q=0.2", "jpeg", "JPEG by name"],
    ["image/jpeg;q=0", "jpeg", "the last resort, even refused"],
    ["IMAGE/WEBP ; Q=1", "webp", "letters and spaces as they come"],
    ["image/avif;foo=bar;q=0,image/webp", "webp", "a weight after another parameter"],
    ["image/avif;q=high,image/webp", "webp", "an unreadable weight is no proof"],
    ["image/avif;q=0,image/avif", "jpeg", "named twice: the refusal counts"],
    [",,;q=1,/,image/avif", "avif", "rubbish around it"],
    ["image/avifx,ximage/webp", "jpeg", "names are compared whole"],
    ["__proto__,toString", "jpeg", "names on Object.prototype"],
  ])("%s: %s (%s)", (accept, format) => expect(negotiate(accept, config)[0]).toBe(format));

  it("keeps to the configured formats and their order", () => {
    const first = (accept: string, formats: Format[]) => negotiate(accept, { formats })[0];
    expect(first("image/avif,image/webp", ["webp", "avif"])).toBe("webp");
    expect(first("image/avif,image/webp", ["webp"])).toBe("webp");
    expect(first("image/avif", ["webp"])).toBe("jpeg");
    expect(first("image/png,image/*", ["avif", "png"])).toBe("jpeg");
  });

  it.each<[string | null, string, string]>([
    ["image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "avif webp jpeg png", "Chrome"],
    ["image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", "webp jpeg png", "Safari 14"],
    ["*/*", "jpeg png", "curl"],
    [null, "jpeg png", "no header"],
    ["image/avif", "avif webp jpeg png", "who shows AVIF shows what is older"],
    ["image/avif,image/webp;q=0,image/*", "avif jpeg png", "q=0 refuses"],
    ["image/avif,*/*;q=0", "avif", "a wildcard refuses what is not named"],
    ["image/avif;q=0.5,image/webp;q=0.9", "webp jpeg png", "a format that the client likes less comes not before"],
  ])("%s: %s may be served, the first one best (%s)", (accept, formats) =>
    expect(negotiate(accept, config).join(" ")).toBe(formats),
  );

  it("keeps the configuration's order for the others, PNG last", () => {
    expect(negotiate("image/avif,image/webp,*/*", { formats: ["webp", "avif"] })).toEqual([
      "webp",
      "avif",
      "jpeg",
      "png",
    ]);
    expect(negotiate("image/webp,*/*", { formats: ["webp", "avif"] })).toEqual(["webp", "jpeg", "png"]);
  });
});

describe("showsInstead: the formats that stand in for the asked one", () => {
  const CHROME = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
  const SAFARI_13 = "image/png,image/svg+xml,image/*;q=0.8,video/*;q=0.8,*/*;q=0.5";
  const shown = (asked: Format, accept: string | null, negotiated = false) =>
    FORMATS.map((other) => ({ other, how: showsInstead(other, { asked, negotiated, accept }) }))
      .filter(({ how }) => how !== "no")
      .map(({ other, how }) => (how === "proven" ? other : `(${other})`))
      .join(" ");

  it.each<[Format, string | null, string, string]>([
    ["avif", CHROME, "avif webp jpeg png", "the newest: all"],
    ["webp", CHROME, "webp jpeg png", "no newer one, though Accept names it: the URL says webp"],
    ["jpeg", CHROME, "jpeg png", "the same"],
    ["png", CHROME, "png", "nothing but itself"],
    ["jpeg", SAFARI_13, "jpeg png", "names images, WebP not among them"],
    ["webp", "image/webp,image/jpeg;q=0,*/*", "webp png", "a refusal by name"],
    ["webp", "image/webp,*/*;q=0", "webp", "a refusal of all the others"],
    ["webp", "image/webp,image/png,image/*;q=0", "webp png", "the same, but for one"],
    ["webp", "image/webp;q=0", "webp jpeg png", "what is asked for by name is what would be served"],
    ["jpeg", "*/*", "(webp) jpeg png", "a crawler"],
    ["jpeg", "image/*", "(webp) jpeg png", "another one"],
    ["png", "*/*", "(webp) (jpeg) png", "a crawler of a PNG"],
    ["jpeg", null, "(webp) jpeg png", "no header: any type (RFC 9110)"],
    ["jpeg", "", "(webp) jpeg png", "an empty one"],
    ["jpeg", "text/html,application/xml;q=0.9,*/*;q=0.8", "(webp) jpeg png", "a crawler that asks as for a page"],
    ["jpeg", "text/html", "jpeg png", "who takes no image is given what the URL says"],
    ["jpeg", "*/*;q=0", "jpeg", "the same, said aloud"],
  ])("asked for %s with %s: %s (%s)", (asked, accept, expected) => expect(shown(asked, accept)).toBe(expected));

  it("beside f=auto those that Accept names, whatever formats prefers", () => {
    expect(shown("webp", CHROME, true)).toBe("avif webp jpeg png");
    expect(shown("jpeg", "image/avif;q=0,image/webp;q=0.1", true)).toBe("webp jpeg png");
    expect(shown("jpeg", SAFARI_13, true)).toBe("jpeg png");
  });
});
