import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FULL_BYTES, LEASE_MS, MAX_ATTEMPTS, RESTORE_HOLD_MS, SHED_BYTES } from "@prewarm/durable-queue";
import { backoffMs, originBackoffMs } from "@prewarm/durable-queue/testing";
import { purgeCommand } from "../apps/cli/src/commands/purge.ts";
import { DEFAULTS, defineConfig, FORMATS, POSITIONS, type UserConfig } from "../packages/shared/src/config.ts";
import { changesReads, monthBill, ORDERED_BY_VIEWS } from "../packages/shared/src/cost/month.ts";
import { bulk, listUsd, SHIPPED_LOGS } from "../packages/shared/src/cost/operations.ts";
import { variantsPerImage } from "../packages/shared/src/cost/outlook.ts";
import { deployNames } from "../packages/shared/src/deploy.ts";
import { AppError, problemBody } from "../packages/shared/src/errors.ts";
import {
  ALERT_LEVELS,
  CHOSEN,
  COPY_SECONDS,
  GATE_AUTO,
  GONE_WITHIN_MS,
  HOOK_JOBS_PER_DAY,
  IMAGES_PER_CALL,
  LEDGER_LIMIT_BYTES,
  OLD_COPY_SECONDS,
} from "../packages/shared/src/limits.ts";
import { SITE_NODE } from "../packages/shared/src/packages.ts";
import { PARAMETERS } from "../packages/shared/src/parameters.ts";
import { stringToSign } from "../packages/shared/src/signature.ts";
import { formatTransform, parseTransform } from "../packages/shared/src/transform.ts";
import { variantKey } from "../packages/shared/src/variant-key.ts";
import shipped from "../prewarm.config.ts";
import { RESULT_WITHIN_MS, SETTLED_MS } from "../workers/consumer/src/times.ts";
import { bestStored } from "../workers/edge/src/hit/best-stored.ts";
import { windowMs } from "../workers/edge/src/miss/recent-misses.ts";
import { IMGPROXY } from "./cost/prices.ts";
import { missedPerSecond, PEAK } from "./cost/services.ts";
import { EXAMPLE, RECIPES } from "./cost/tables.ts";

/*
 * What pages say about the code, computed from the code. `docs.test.ts` looks each text up in its page, so neither the page nor the code can
 * change alone.
 */

const ROOT = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(ROOT, file), "utf8");
/** The value of a constant that cannot be imported. */
const constant = (file: string, name: string): number =>
  Number(/^[\d_]+/.exec(read(file).split(`${name} = `)[1] ?? "")?.[0].replaceAll("_", ""));

const WORDS = "no one two three four five six seven eight nine ten eleven twelve thirteen".split(" ");
const word = (n: number): string => WORDS[n] ?? String(n);
const count = (n: number): string => n.toLocaleString("en");
const list = (texts: readonly unknown[]): string => `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}`;

const SITE = { sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }] } satisfies UserConfig;
const config = defineConfig(SITE);
const { budget, pages } = DEFAULTS;

/** The variants that an upload makes with these settings; every other setting has its default. */
export const variantsPerUpload = (settings: Partial<UserConfig>): number =>
  variantsPerImage(defineConfig({ ...SITE, ...settings }), "upload");

const UPLOAD = variantsPerUpload({});
const SHIPPED_UPLOAD = variantsPerImage(shipped, "upload");
const WARMING = (budget.month ?? 0) * budget.shares.warming;
const WIDTHS = list(pages.widths);
const DELIVERIES = constant("workers/consumer/src/ledger/deliveries.ts", "KEEP");
const VERSIONS = constant("node_modules/wrangler/wrangler-dist/cli.js", "VERSION_LIST_LIMIT");
const PURGE_MINUTES = SETTLED_MS / 60_000;

const { version }: { version: string } = JSON.parse(read("package.json"));
const NODE = /^nodeVersion: (.*)$/m.exec(read("pnpm-workspace.yaml"))?.[1];

const parse = (query: string, of = config) => parseTransform(query, of).transform;

/** Which of two stored widths stands in for a width. */
function closer(asked: number, ...widths: [number, number]): string {
  const info = { width: 9_000, height: 6_000, version: null, stored: { webp: widths }, others: [] };
  const wanted = { version: null, negotiated: true, accept: "image/webp" };
  const [first, second] = bestStored({ ...wanted, transform: parse(`w=${asked}&f=webp`) }, info);
  return `${first?.width} stands in for ${asked} before ${second?.width} does`;
}

/** How a pair comes out: `w=390&h=300` as `400 × 308`. */
const size = (query: string, ratios = config.ratios): string => {
  const { width, height } = parse(query, { ...config, ratios });
  return `${width} × ${height}`;
};
/** The last segment of a variant's key in R2. */
const object = (query: string): string => variantKey("a", parse(`${query}&f=jpeg`)).slice("a/".length);
/** The body of a refusal, with the line breaks of the page. */
function refusal(query: string): string {
  try {
    return formatTransform(parse(query));
  } catch (error) {
    if (error instanceof AppError) return problemBody(error).replaceAll(/,("detail"|"allowed")/g, ", $1");
    throw error;
  }
}

const SPELLINGS = ["?f=jpg&w=790", "?w=800&q=75&f=jpeg", "?w=400&dpr=2&f=jpeg&utm_source=mail"];
const CANONICAL = [...new Set(SPELLINGS.map((query) => formatTransform(parse(query.slice(1)))))];
const blog = deployNames("production", { name: "blog" });

/** A page, and a text that it contains, wrapped anywhere. */
export const CLAIMS: readonly (readonly [page: string, text: string])[] = [
  ["docs/hooks.md", `the last ${DELIVERIES} deliveries`],
  [
    "docs/hooks.md",
    `${count(HOOK_JOBS_PER_DAY)} by default: ${Math.floor(HOOK_JOBS_PER_DAY / UPLOAD)} uploads of ${UPLOAD} variants`,
  ],
  ["docs/hooks.md", `orders ${count(Math.floor(WARMING / 30))} a day`],
  ["docs/cost.md", `[\`jobsPerDay\`](hooks.md#a-limit-of-jobs-a-day), ${count(HOOK_JOBS_PER_DAY)} by default`],
  ["SECURITY.md", `${count(HOOK_JOBS_PER_DAY)} jobs a day`],
  ["docs/api.md", `the last ${DELIVERIES} deliveries`],
  ["docs/configuration.md", `makes ${UPLOAD} variants`],
  ["docs/configuration.md", `that is ${count(Math.floor(WARMING / UPLOAD))} uploads`],
  ["docs/cost.md", `\`budget.month\` = ${count(budget.month ?? 0)}`],
  ["docs/cost.md", `\`budget.shares.warming\` = ${budget.shares.warming}`],
  ["docs/cost.md", `${GATE_AUTO.ratePerSecond.start} submissions per second`],
  ["docs/cost.md", `takes ${count(CHOSEN.backlogMax)} open jobs`],
  ["docs/operate.md", `begin at ${GATE_AUTO.concurrency.start} and ${GATE_AUTO.ratePerSecond.start}/s`],
  ["docs/operate.md", `to \`max\`, ${count(GATE_AUTO.concurrency.max)} by default`],
  ["docs/operate.md", `the ${word(VERSIONS)} newest versions`],
  ["docs/operate.md", `again ${PURGE_MINUTES} minutes later`],
  ["docs/delete-a-persons-pictures.md", `again after ${PURGE_MINUTES} minutes`],
  ["docs/freshness.md", `${GONE_WITHIN_MS / 1_000} s`],
  ["docs/freshness.md", `${COPY_SECONDS / 86_400} days`],
  ["docs/freshness.md", `${OLD_COPY_SECONDS} s`],
  ["docs/backup.md", `hands nothing out for ${word(RESTORE_HOLD_MS / 60_000)} minutes`],
  ["docs/runbook.md", `| ${SHED_BYTES / 1e9} GB |`],
  ["docs/runbook.md", `| ${FULL_BYTES / 1e9} GB |`],
  ["docs/runbook.md", `| ${LEDGER_LIMIT_BYTES / 1e9} GB |`],
  ["README.md", WIDTHS],
  ["README.md", `State:** ${version.replace(/\.0$/, "")},`],
  [
    "README.md",
    `${count(EXAMPLE.images)} images, ${count(EXAMPLE.newImagesPerMonth)} new ones and ${EXAMPLE.viewsPerMonth / 1e6} M views a month`,
  ],
  ["README.md", `needs Node ${SITE_NODE}, and deploys`],
  [
    "README.md",
    `Ittybit's fee is $${count(monthBill(EXAMPLE, RECIPES[0], EXAMPLE.images).fee)} of Prewarm's first month`,
  ],
  ["README.md", `until all ${SHIPPED_UPLOAD} are stored`],
  ["docs/cost.md", `${count(EXAMPLE.images)} images, ${count(EXAMPLE.newImagesPerMonth)} new ones`],
  ["docs/cost.md", `${Math.round(100 * EXAMPLE.cacheShare)} % of the views`],
  [
    "docs/cost.md",
    `the other ${Math.round(100 * (1 - EXAMPLE.cacheShare))} % again: ${missedPerSecond(EXAMPLE).toFixed(1)} pictures a second on average. ${word(PEAK).replace("f", "F")} times as many come in the busiest second, and two servers make ${2 * IMGPROXY.avifPerSecond} AVIF`,
  ],
  [
    "docs/cost.md",
    `${EXAMPLE.askedVariants} variants and ${EXAMPLE.askedSizes} sizes of an image within a month, and order ${ORDERED_BY_VIEWS} variants`,
  ],
  ["docs/internals/queue.md", `act on its claims: ${LEASE_MS / 1_000} s`],
  ["docs/internals/queue.md", `the lease ends ${LEASE_MS / 1_000} s from now`],
  ["docs/how-it-works.md", `its lease ends within ${word(LEASE_MS / 60_000).replace("one", "a")} minute`],
  ["docs/runbook.md", `or its file was gone, for ${word(RESULT_WITHIN_MS / 60_000)} minutes`],
  ["docs/internals/queue.md", `by full jitter from ${Math.round(backoffMs(1, 0.9999) / 1_000)} s`],
  ["docs/internals/queue.md", `half of ${[1, 2, 3].map((n) => `${(2 * originBackoffMs(n, 0)) / 1_000} s`).join(", ")}`],
  ["docs/internals/job-lifecycle.md", `half of each wait, from ${(2 * originBackoffMs(1, 0)) / 1_000} s`],
  ["docs/http.md", `less than ${windowMs(1) / 1_000} s (doubling to ${windowMs(99) / 1_000} s)`],
  ["docs/freshness.md", `only after ${windowMs(1) / 1_000} s, doubling to ${windowMs(99) / 1_000} s`],
  ["docs/reliability.md", `${windowMs(1) / 1_000} seconds, doubling to ${windowMs(99) / 60_000} minutes`],
  ["docs/cost.md", `is tried ${MAX_ATTEMPTS} times`],
  ["docs/cost.md", `| new variants of one image per day | ${CHOSEN.liveRowsPerImageDay} |`],
  ["docs/cost.md", `per day | ${CHOSEN.versionsPerImageDay}; none with`],
  ["docs/cost.md", `unknown ids | ${CHOSEN.unknownPerSecond} a second`],
  ["docs/http.md", `redirected within ${CHOSEN.edgeBudgetMs} ms`],
  ["docs/http.md", `slower than ${CHOSEN.edgeBudgetMs / 4} ms`],
  ["docs/http.md", `up to ${CHOSEN.streamMaxBytes / 1e6} MB`],
  ["docs/page-authors.md", `up to ${CHOSEN.streamMaxBytes / 1e6} MB`],
  ["docs/configuration.md", `of more than ${CHOSEN.heavyOriginalBytes / 1e6} MB`],
  ["docs/api.md", `Above ${count(CHOSEN.backlogMax)} open jobs`],
  ["docs/runbook.md", `Above ${count(CHOSEN.backlogMax)} open jobs`],
  ["docs/warm.md", `Above ${count(CHOSEN.backlogMax)} open jobs`],
  ["docs/url.md", `The closest width, by ratio: ${closer(400, 320, 480)}, and ${closer(1080, 1440, 828)}`],
  ["docs/url.md", `Of one image ${word(CHOSEN.versionsPerImageDay)} unsigned versions a day`],
  ["docs/hooks.md", `${list(ALERT_LEVELS.map((level) => `${100 * level} %`))}`],
  ["docs/internals/measured.md", `$${(1e6 * listUsd(bulk(1), SHIPPED_LOGS)).toFixed(1)} per million`],
  [
    "docs/cost.md",
    `${count(changesReads(1))} reads of R2, $${listUsd({ r2B: changesReads(1) }, 0).toFixed(2)} a month`,
  ],
  ["docs/cost.md", `about ${Math.floor(50 / (bulk(UPLOAD).rowWritten ?? 1))} million bulk variants`],
  ["AGENTS.md", WIDTHS],
  ["AGENTS.md", `${UPLOAD} per upload by default`],
  ["docs/page-authors.md", WIDTHS],
  ["docs/from-zero.md", `made ${SHIPPED_UPLOAD} variants`],
  ["docs/from-zero.md", `the ${SHIPPED_UPLOAD} variants`],
  ["docs/operate.md", `| ids | up to ${purgeCommand.operands?.max.toLocaleString("en")} |`],
  ["docs/operate.md", `sends ${IMAGES_PER_CALL} images a call`],

  [
    "docs/url.md",
    `\`${SPELLINGS[0]}\`, \`${SPELLINGS[1]}\` and \`${SPELLINGS[2]}\` are all \`${CANONICAL.join("` or `")}\``,
  ],
  ["docs/url.md", `\`w=390&h=300\` becomes ${size("w=390&h=300")}`],
  ["docs/url.md", `\`w=100&h=5000\` becomes ${size("w=100&h=5000")}`],
  ["docs/url.md", `\`w=390&h=293\` becomes ${size("w=390&h=293")}`],
  ["docs/url.md", `\`variants/<encoded id>/${object("w=800")}\``],
  ["docs/url.md", `without a width \`${object("")}\``],
  ["docs/url.md", `with a height only \`${object("h=800")}\``],
  ["docs/url.md", `as a pair \`${object("w=390&h=300")}\``],
  ["docs/url.md", `kept at its top \`${object("w=400&h=400&pos=top")}\``],
  ["docs/url.md", `by default ${list(config.ratios)}`],
  [
    "docs/url.md",
    `a crop of a declared ratio: \`?w=800&h=600\`${parseTransform("w=800&h=600", config).closed ? "," : " is signed"}`,
  ],
  ["docs/url.md", `3:4 at ${size("w=2048&h=2731", ["3:4"])}`],
  ["docs/url.md", `${size("w=1200&h=630", [])} becomes ${size("w=1200&h=630")}`],
  ["docs/url.md", refusal("width=800")],
  ...(["w=801&h=333&exp=1900000000", "w=828&f=auto&v=2&sc=image"].map((query) => [
    "docs/url.md",
    `\`/images/photo?${query}\` is thus signed as \`${stringToSign("/images/photo", query, config.noise)}\``,
  ]) as [string, string][]),

  [".devcontainer/devcontainer.json", `"image": "node:${NODE}-bookworm"`],
  ["docs/install.md", "read from `https://shop.example.com/media/shop/a.jpg`"],
  ["docs/install.md", `\`${blog.edge}\`, \`${blog.bucket}\`, \`${blog.live}\``],
];

const hasParameter = (...names: string[]): boolean =>
  names.some((name) => (PARAMETERS as readonly string[]).includes(name));

/** Abilities that `docs/start.md` lists as missing, by the first words of their rows, and whether the code has them. */
export const MISSING: Readonly<Record<string, boolean>> = {
  "blur, rotate, trim": hasParameter("blur", "rotate", "trim", "watermark", "text", "sharpen"),
  "faces or salience": POSITIONS.some((position) => !["top", "bottom", "left", "right"].includes(position)),
  "any width without": parse("w=801&f=webp").width === 801,
  enlarging: hasParameter("enlarge", "upscale", "max"),
  "video, animation, SVG": FORMATS.some((format) => /^(apng|gif|mp4|svg|webm)$/.test(format)),
  "purging by tag": "tag" in purgeCommand.flags,
};
