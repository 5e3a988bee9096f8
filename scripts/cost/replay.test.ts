import { describe, expect, it } from "vitest";
import { expandTransforms, formatTransform, type Transform } from "../../packages/shared/src/transform.ts";
import { answersFor, RECIPES, replay } from "./replay.ts";

const { eleven } = RECIPES;
if (eleven === null || eleven === undefined) throw new Error("the default recipe is a configuration");
const AVIF = "image/avif,image/webp,*/*";
const MADE = ["w=1920&f=avif", "w=640&f=webp", "w=1440&f=webp", "w=1440&f=jpeg", "w=16&q=very_low&f=webp"].flatMap(
  (spec): Transform[] => expandTransforms(spec, eleven),
);

describe("what answers for good in place of a variant", () => {
  const answers = (query: string, accept: string, width = 4_000): string[] => {
    const ask = { share: 1, byCrawler: false, query, accept };
    return MADE.filter(answersFor(ask, { width, height: 1_000 }, eleven)).map(formatTransform);
  };
  const [webp640, webp1440, jpeg1440] = ["w=640&q=high&f=webp", "w=1440&q=high&f=webp", "w=1440&q=high&f=jpeg"];

  it.each([
    ["a browser with WebP", "w=828&f=auto", "image/webp,*/*", [webp1440, jpeg1440]],
    ["the same, a narrow picture", "w=320&f=auto", "image/webp,*/*", [webp640, webp1440, jpeg1440]],
    ["a browser with neither AVIF nor WebP", "w=828&f=auto", "image/*", [jpeg1440]],
    ["a crawler", "w=828&f=auto", "*/*", [jpeg1440]],
    ["a crawler, a picture wider than any that is stored for it", "w=1920&f=auto", "*/*", []],
    ["a browser with AVIF, of which uploads make each width", "w=828&f=auto", AVIF, []],
    ["a URL that names its format", "w=828&f=webp", AVIF, []],
    ["a better quality", "w=320&f=auto&q=very_high", "image/webp,*/*", []],
    ["a crop", "w=320&h=240&f=auto", "image/webp,*/*", []],
  ])("%s", (_who, query, accept, expected) => {
    expect(answers(query, accept)).toEqual(expected);
  });

  it("is all of an original that is no wider", () => {
    expect(answers("w=1920&f=auto", "*/*", 1_400)).toEqual([jpeg1440]);
  });
});

describe("a replayed month", () => {
  const month = { images: 500, views: 60_000, seed: 7 };
  const outcomes = replay(month);
  const of = (name: string) => {
    const found = outcomes.find((outcome) => outcome.name === name);
    if (found === undefined) throw new Error(`no outcome of ${name}`);
    return found;
  };

  it("is drawn by its seed", () => {
    expect(replay(month)).toEqual(outcomes);
    expect(replay({ ...month, seed: 8 })).not.toEqual(outcomes);
  });

  it("has no cold view and no stand-in where uploads make everything, nor for an oracle, which makes no more than is shown", () => {
    expect(of("all")).toMatchObject({ cold: 0, standIns: 0, viewJobs: 0 });
    expect(of("oracle")).toMatchObject({ cold: 0, standIns: 0, viewJobs: 0, unseen: 0 });
    expect(of("oracle").sizes).toBe(of("all").sizes);
    expect(of("oracle").uploadJobs).toBeLessThan(of("all").uploadJobs);
    expect(of("all").uploadJobs * (1 - of("all").unseen)).toBeCloseTo(of("oracle").uploadJobs, 1);
  });

  it("orders each variant once, by the view that is cold", () => {
    const { cold, viewJobs, standIns } = of("eleven");
    expect(cold * month.views).toBeCloseTo(viewJobs * month.images);
    expect(viewJobs).toBeGreaterThan(0);
    expect(standIns).toBeGreaterThan(0.04);
    expect(standIns).toBeLessThan(0.09);
  });
});
