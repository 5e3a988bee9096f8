import fc from "fast-check";
import { defineConfig, FORMATS, POSITIONS, QUALITIES } from "../config.ts";
import { checkId } from "../image-id.ts";
import { scalePair } from "../ladder.ts";
import { cropSize } from "../ratio.ts";
import type { Transform } from "../transform.ts";

/** A configuration with every format, two presets, and the default ladder. */
export const testConfig = defineConfig({
  sources: [{ prefix: "", url: "https://cdn.example.com/originals/{id}" }],
  formats: FORMATS,
  presets: { thumb: "w=160&h=160&f=auto", card: "w=640&h=480&fit=contain&f=auto&q=low" },
});

/** Any character, halves of pairs excepted. fast-check's own unit `binary` is the same, and takes a second of processor time to make. */
export const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point));

/** Text of any kind, with the characters that break parsers over-represented. */
const hostileText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      "%",
      "/",
      ".",
      "-",
      "@",
      "_",
      "é",
      "e\u0301",
      "日",
      "🖼",
      "\u202e",
      "ß",
      "İ",
      " ",
      "+",
      "&",
      "=",
      "?",
      "#",
      "~",
      "'",
      "2F",
      "%2F",
    ),
    character,
  ),
  minLength: 1,
  maxLength: 30,
});

/** Ids that are allowed, however odd. */
export const ids = hostileText.filter((id) => {
  try {
    checkId(id);
    return true;
  } catch {
    return false;
  }
});

const rest = { quality: fc.constantFrom(...QUALITIES), format: fc.constantFrom(...FORMATS) };
const rungOrNull = fc.constantFrom(null, ...testConfig.ladder);
const asked = fc.integer({ min: 1, max: 5000 });

const positions = fc.constantFrom(null, ...POSITIONS);

/** Everything that `parseTransform` can answer under `testConfig`. */
export const transforms: fc.Arbitrary<Transform> = fc.oneof(
  fc.record({ width: rungOrNull, height: fc.constant(null), fit: fc.constant(null), pos: fc.constant(null), ...rest }),
  fc.record({ width: fc.constant(null), height: rungOrNull, fit: fc.constant(null), pos: fc.constant(null), ...rest }),
  fc
    .tuple(asked, asked, fc.record({ fit: fc.constantFrom("contain", "fill"), ...rest }))
    .map(([width, height, more]) => ({ ...scalePair(width, height, testConfig.ladder), pos: null, ...more })),
  fc
    .tuple(asked, asked, fc.record({ fit: fc.constant("cover"), pos: positions, ...rest }))
    .map(([width, height, more]) => ({ ...cropSize(width, height, testConfig), ...more })),
);

export const versions = fc.option(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/), { nil: null });
