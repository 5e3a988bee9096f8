import { describe, expect, it } from "vitest";
import userConfig from "../../../prewarm.config.ts";
import { DEFAULTS, defineConfig, FORMATS, type UserConfig } from "./config.ts";
import { checkConfig } from "./config-check.ts";
import { configSchema } from "./config-schema.ts";
import { settingsIn } from "./setting-leaves.ts";

const sources = [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }];
const check = (user: Partial<UserConfig>): string[] => checkConfig(defineConfig({ sources, ...user }));
/** For what the compiler would refuse: a user may write plain JavaScript. */
const checkRaw = (user: object): string[] => check(user as Partial<UserConfig>);
const hook = (more: object) => ({
  hooks: { cms: { verifier: { kind: "bearer", secrets: ["TOKEN"] }, mapper: { kind: "native" }, ...more } },
});
const hmac = (more: object) => hook({ verifier: { kind: "hmac", secrets: ["S"], header: "x-signature", ...more } });

describe("of old URLs, checkConfig", () => {
  it("passes what the functions of @prewarm/legacy-urls return, and says what to write in the place of a name", () => {
    const service = { name: "a", secrets: [], hosts: [], read: () => null, serve: async () => new Response() };
    expect(check({ legacy: [service] })).toEqual([]);
    expect(checkRaw({ legacy: ["cloudinary"] })).toEqual([
      'legacy[0]: write what a function of prewarm/legacy/… returns, such as cloudinary({ cloud: "demo" })',
    ]);
  });
});

describe("checkConfig passes", () => {
  it("our own configuration and the defaults", () => {
    expect(checkConfig(userConfig)).toEqual([]);
    expect(check({})).toEqual([]);
  });

  it.each<[string, string[]]>([
    [
      "png where it is listed",
      check({
        formats: ["webp", "jpeg", "png"],
        presets: { logo: "w=400&f=png" },
        recipes: { upload: ["p=logo"] },
      }),
    ],
    [
      "an unlimited budget, and one that is all for uploads",
      [...check({ budget: { month: null } }), ...check({ budget: { shares: { warming: 1, live: 0 } } })],
    ],
    [
      "limits that are fixed, found, and found between bounds",
      check({ gate: { concurrency: { min: 5, max: 5 }, ratePerSecond: 0.5 } }),
    ],
    [
      "a picture elsewhere and one of its own in place of what was removed",
      [
        ...check({ removedUrl: "https://a.example/removed.svg" }),
        ...check({ removedUrl: "/images/removed.png?w=320" }),
      ],
    ],
    ["a limit with one bound", check({ gate: { concurrency: "auto", ratePerSecond: { max: 50 } } })],
    [
      "every kind of hook",
      checkRaw(
        hmac({ template: "{id}.{timestamp}.{body}", timestampHeader: "x-time", idHeader: "x-id", prefix: "v1=" }),
      ),
    ],
    [
      "a mapper of our user's own",
      checkRaw(hook({ mapper: { kind: "json-path", items: "$.records[*]", key: "$.object.key" } })),
    ],
  ])("%s", (_, faults) => expect(faults).toEqual([]));
});

describe("checkConfig finds", () => {
  it.each<[string, string, RegExp, string[]]>([
    [
      "a word that Ittybit has not",
      "ittybit.qualities.avif.low",
      /medium/,
      checkRaw({ ittybit: { qualities: { avif: { low: "best" } } } }),
    ],
    ["a format that is none", "formats[1]", new RegExp(`one of ${FORMATS[0]}`), checkRaw({ formats: ["webp", "gif"] })],
    ["a format twice", "formats", /once/, check({ formats: ["webp", "jpeg", "avif", "webp"] })],
    ["no default format", "formats", /webp/, check({ formats: ["avif", "jpeg"] })],
    ["no last resort", "formats", /jpeg/, check({ formats: ["webp"] })],
    ["no format", "formats", /at least one/, check({ formats: [] })],
    ["a preset that does not parse", "presets.card", /Did you mean webp/, check({ presets: { card: "w=8&f=wepb" } })],
    ["a preset in a preset", "presets.b", /leave p out/, check({ presets: { a: "w=8", b: "p=a" } })],
    ["a preset with a version", "presets.a", /"v" is not known/, check({ presets: { a: "w=8&v=1" } })],
    ["a preset that no URL can name", "presets.a b", /64 letters/, check({ presets: { "a b": "w=8" } })],
    ["a recipe that names no preset", "recipes.upload[0]", /"card"/, check({ recipes: { upload: ["p=card"] } })],
    ["a recipe that does not parse", "recipes.upload[1]", /above 0/, check({ recipes: { upload: ["w=800", "w=0"] } })],
    ["an empty recipe", "recipes.upload", /at least one/, check({ recipes: { upload: [] } })],
    [
      "a recipe that no default URL finds",
      "recipes.upload",
      /w=800&f=webp/,
      check({ recipes: { upload: ["w=800&f=avif", "w=800&h=600"] } }),
    ],
    ["half a pixel", "pages.widths[1]", /an integer from 1 to 8192/, check({ pages: { widths: [320, 470.5] } })],
    ["a page width above the absolute limit", "pages.widths[0]", /8192/, check({ pages: { widths: [8193] } })],
    ["a width that is text", "pages.widths[0]", /integer/, checkRaw({ pages: { widths: ["400"] } })],
    ["page widths out of order", "pages.widths", /ascending/, check({ pages: { widths: [640, 320] } })],
    [
      "a first view of something else",
      "firstView",
      /stored, original or placeholder/,
      checkRaw({ firstView: "nearest" }),
    ],
    ["page widths twice", "pages.widths", /ascending/, check({ pages: { widths: [320, 320] } })],
    ["no page widths", "pages.widths", /at least one/, check({ pages: { widths: [] } })],
    [
      "page widths without end",
      "pages.widths",
      /32/,
      check({ pages: { widths: Array.from({ length: 33 }, (_, n) => n + 1) } }),
    ],
    ["a pages' format that is none", "pages.formats[0]", /auto/, checkRaw({ pages: { formats: ["gif"] } })],
    ["a pages' quality that is none", "pages.qualities[0]", /very_low/, checkRaw({ pages: { qualities: ["best"] } })],
    ["a pages' quality twice", "pages.qualities", /once/, check({ pages: { qualities: ["low", "low"] } })],
    ["no quality", "pages.qualities", /at least one/, check({ pages: { qualities: [] } })],
    ["a pages' ratio twice", "pages.ratios[1]", /twice/, check({ pages: { ratios: ["1:1", "1:1"] } })],
    ["a crop that is too tall at every width", "pages.ratios[0]", /2048 px/, check({ pages: { ratios: ["1:9"] } })],
    ["a page's format that no URL may have", "pages.make", /is not in formats/, check({ pages: { make: ["png"] } })],
    [
      "a page's format that f=auto never becomes",
      "pages.make",
      /f=auto never becomes png: write it in pages\.formats/,
      check({ formats: FORMATS, pages: { make: ["png"] } }),
    ],
    ["formats to make that are none", "pages.make", /or "all"/, checkRaw({ pages: { make: "each" } })],
    ["a pages' format that is closed", "pages.formats", /formats/, check({ pages: { formats: ["png"] } })],
    ["a pages' setting that is none", "pages.width", /no such setting/, checkRaw({ pages: { width: [320] } })],
    ["a hook's unknown recipe", "hooks.cms.recipe", /hero/, checkRaw(hook({ recipe: "hero" }))],
    ["a hook's name of no form", "hooks.a/b", /64 letters/, checkRaw({ hooks: { "a/b": hook({}).hooks.cms } })],
    [
      "no secret",
      "hooks.cms.verifier.secrets",
      /at least one/,
      checkRaw(hook({ verifier: { kind: "bearer", secrets: [] } })),
    ],
    [
      "a secret itself",
      "hooks.cms.verifier.secrets[0]",
      /secret's name/,
      checkRaw(hook({ verifier: { kind: "standard-webhooks", secrets: ["whsec_abc"] } })),
    ],
    [
      "a verifier that is none",
      "hooks.cms.verifier.kind",
      /standard-webhooks, hmac, bearer, sns, google-oidc or function/,
      checkRaw(hook({ verifier: { kind: "none" } })),
    ],
    [
      "a mapper that finds no image",
      "hooks.cms.mapper",
      /id or key/,
      checkRaw(hook({ mapper: { kind: "json-path" } })),
    ],
    [
      "a signature that leaves the body out",
      "hooks.cms.verifier.template",
      /\{body\}/,
      checkRaw(hmac({ template: "{id}", idHeader: "x" })),
    ],
    [
      "a timestamp from nowhere",
      "hooks.cms.verifier.template",
      /timestampHeader/,
      checkRaw(hmac({ template: "{timestamp}.{body}" })),
    ],
    ["an id from nowhere", "hooks.cms.verifier.template", /idHeader/, checkRaw(hmac({ template: "{id}.{body}" }))],
    ["a hook's header of no form", "hooks.cms.verifier.header", /header/, checkRaw(hmac({ header: "x y" }))],
    ["noise that hides a parameter", "noise[0]", /parameter w/, check({ noise: ["w*"] })],
    ["noise that hides the signature", "noise[0]", /parameter s/, check({ noise: ["s"] })],
    ["noise that hides all", "noise[0]", /after some text/, check({ noise: ["*"] })],
    ["an extension with a dot", "passThrough[0]", /without a dot/, check({ passThrough: [".svg"] })],
    ["an access that is none", "access", /open, signed or private/, checkRaw({ access: "all" })],
    ...["http://a.example/x.svg", "//a.example/x.svg", "removed.svg", "/a b", "/a\r\nX: y"].map(
      (removedUrl): [string, string, RegExp, string[]] => [
        `removed images at ${JSON.stringify(removedUrl)}`,
        "removedUrl",
        /https address or a path/,
        check({ removedUrl }),
      ],
    ),
    ["a limit that is text", "limits.originalMaxBytes", /integer/, checkRaw({ limits: { originalMaxBytes: "5" } })],
    ["a limit that is a word", "gate.concurrency", /"auto", an integer/, checkRaw({ gate: { concurrency: "fast" } })],
    ["half a job at once", "gate.concurrency", /an integer from 1/, check({ gate: { concurrency: { max: 2.5 } } })],
    [
      "bounds out of order",
      "gate.ratePerSecond",
      /min \(9\) is above max \(3\)/,
      check({ gate: { ratePerSecond: { min: 9, max: 3 } } }),
    ],
    [
      "a lone bound beyond the other's default",
      "gate.concurrency",
      /above max \(1000\)/,
      check({ gate: { concurrency: { min: 2000 } } }),
    ],
    ["a share above the whole", "budget.shares.warming", /0 to 1/, check({ budget: { shares: { warming: 80 } } })],
    ["a budget that is text", "budget", /object/, checkRaw({ budget: "100k" })],
    ["shares that are one", "budget.shares", /object/, checkRaw({ budget: { shares: 0.5 } })],
    ["a setting that is none", "frist", /did you mean firstView|leave it out/, checkRaw({ frist: "stored" })],
    ["a slip", "acces", /did you mean access\?/, checkRaw({ acces: "open" })],
    ["a slip in a nested one", "budget.mont", /did you mean month\?/, checkRaw({ budget: { mont: 1 } })],
    ["a setting in another place", "widths", /did you mean pages\.widths\?/, checkRaw({ widths: [320] })],
    [
      "a share in another place",
      "budget.warming",
      /did you mean budget\.shares\.warming\?/,
      checkRaw({ budget: { warming: 1 } }),
    ],
    ["what follows from settings", "ladder", /no such setting/, checkRaw({ ladder: [16] })],
    ["a number that no site sets", "limits.maxAttempts", /no such setting/, checkRaw({ limits: { maxAttempts: 1 } })],
    ["a limit that is none", "limits.attempts", /no such setting/, checkRaw({ limits: { attempts: 1 } })],
  ])("%s, at %s", (_, path, mend, faults) => {
    expect(faults).toEqual([expect.stringMatching(mend)]);
    expect(faults[0]?.slice(0, path.length + 1)).toBe(`${path}:`);
  });

  it("all faults at once, a broken entry hiding nothing of its neighbours", () => {
    const faults = checkRaw({
      sources: [
        { prefix: "", path: "x" },
        { prefix: "a", url: "http://cdn.example.com/{id}" },
      ],
      presets: { a: 5, b: "w=0" },
      hooks: { one: { mapper: { kind: "native" } }, two: hook({ recipe: "hero" }).hooks.cms },
      noise: ["", "w"],
      countViews: -1,
    });
    const paths = [
      "sources[0]",
      "sources[1].url",
      "presets.a",
      "presets.b",
      "hooks.one.verifier",
      "hooks.two.recipe",
      "noise[0]",
      "noise[1]",
      "countViews",
    ];
    expect(faults.map((fault) => fault.split(":", 1)[0]).toSorted()).toEqual(paths.toSorted());
  });

  it.each(["sources", ...Object.keys(DEFAULTS)])("null for %s, without falling over", (setting) => {
    const broken = defineConfig({ sources, [setting]: null } as unknown as UserConfig);
    expect(checkConfig(broken).some((fault) => fault.startsWith(setting))).toBe(true);
  });
});

it("knows every setting that has a default, and no other", () => {
  expect(Object.keys(configSchema.shape).toSorted()).toEqual(["sources", ...Object.keys(DEFAULTS)].toSorted());
  expect(settingsIn(configSchema).size).toBeLessThanOrEqual(35);
});
