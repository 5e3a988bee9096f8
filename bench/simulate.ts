import { DrainWorld } from "./simulate/drain-world.ts";

const [slots = 50, rate = 20, per = 1, n = 1000, jitter = 0, handlers = 20, jobMs = 2000] = process.argv
  .slice(2)
  .map(Number);
const t = performance.now();
console.log(
  await new DrainWorld({
    variants: n,
    variantsPerImage: per,
    slots,
    ratePerSecond: rate,
    jobMs,
    jitter,
    handlers,
    seed: 1,
  }).drain(),
  Math.round(performance.now() - t),
);
