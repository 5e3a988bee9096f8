// `npm run bench -- replay`: two months of drawn views, 5 and 50 million, against what uploads make by default (`eleven`), with
// `make: "all"`, and an oracle that makes exactly what will be asked for. Seeded; it takes no stack and half a minute.

import { ORDERED_BY_VIEWS } from "../packages/shared/src/cost/month.ts";
import { type Outcome, replay } from "../scripts/cost/replay.ts";
import { EXAMPLE } from "../scripts/cost/tables.ts";
import { type Figure, report } from "./figures.ts";

const SEED = 1;

function row(views: number, outcome: Outcome): string {
  const { name, uploadJobs, viewJobs, gb, cold, standIns, unseen } = outcome;
  const percent = (share: number, digits = 0): string => `${(share * 100).toFixed(digits)} %`;
  const cells = [uploadJobs.toFixed(1), viewJobs.toFixed(2), gb.toFixed(0), percent(cold, 2), percent(standIns, 1)];
  return `| ${[`${views / 1e6} M`, name, ...cells, percent(unseen)].join(" | ")} |`;
}

function figuresOf(views: number, outcomes: readonly Outcome[]): Figure[] {
  const [eleven, all, oracle] = outcomes as [Outcome, Outcome, Outcome];
  const jobs = (one: Outcome): number => one.uploadJobs + one.viewJobs;
  const isExample = views === EXAMPLE.viewsPerMonth;
  const near = { atLeast: 0.97, atMost: 1.03 };
  const figure = (name: string, to: string, ratio: number, aims = {}): Figure => ({
    name,
    to,
    ratios: [ratio],
    ...aims,
  });
  return [
    figure(`${views / 1e6} M views: cold views of eleven`, "views", eleven.cold, { atMost: 0.005 }),
    figure("jobs of eleven", "jobs of all", jobs(eleven) / jobs(all), { atMost: 0.56 }),
    figure("jobs of the oracle", "jobs of eleven", jobs(oracle) / jobs(eleven)),
    ...(isExample
      ? [
          figure("jobs by views that docs/cost.md reckons with", "replayed", ORDERED_BY_VIEWS / eleven.viewJobs, near),
          figure("variants asked for, the same", "replayed", EXAMPLE.askedVariants / oracle.uploadJobs, near),
          figure("sizes asked for, the same", "replayed", EXAMPLE.askedSizes / oracle.sizes, near),
        ]
      : []),
  ];
}

console.log(
  "| views | uploads make | jobs an image, at its upload | by views | GB stored | cold views | answered by a stand-in | of the upload's variants never shown |",
);
console.log("|--:|---|--:|--:|--:|--:|--:|--:|");
const figures: Figure[] = [];
for (const views of [EXAMPLE.viewsPerMonth / 10, EXAMPLE.viewsPerMonth]) {
  const outcomes = replay({ images: EXAMPLE.images, views, seed: SEED });
  for (const outcome of outcomes) console.log(row(views, outcome));
  figures.push(...figuresOf(views, outcomes));
}
console.log("");
report("replay", figures);
