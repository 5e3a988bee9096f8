import { JURISDICTIONS } from "@prewarm/shared/deploy";
import { type Command, TIMEOUT_FLAG } from "../arguments/command.ts";
import { FORMATS } from "../input/read-input.ts";

/** The flags of `prewarm warm`, in the order of its help. */
export const WARM_FLAGS = {
  file: {
    type: "string",
    valueHint: "file",
    multiple: true,
    description: "Read images from a file; `-` is stdin; `.gz` is unzipped",
  },
  format: {
    type: "string",
    options: FORMATS,
    description: "Format of files and stdin. Default: by name, else by the first character",
  },
  sitemap: {
    type: "string",
    valueHint: "url|file",
    multiple: true,
    description: "Every `image:loc` of a sitemap or sitemap index",
  },
  html: {
    type: "string",
    valueHint: "folder|file",
    multiple: true,
    description: "Built pages and style sheets: every image that they ask the edge for",
  },
  site: {
    type: "string",
    valueHint: "url",
    description: "With --html: where those pages will be served, for relative addresses",
  },
  "r2-prefix": {
    type: "string",
    valueHint: "prefix",
    description: "Every image under a prefix of an R2 bucket (`/`: all of it)",
  },
  bucket: { type: "string", valueHint: "name", description: "The bucket of --r2-prefix" },
  jurisdiction: { type: "string", options: ["default", ...JURISDICTIONS], description: "The bucket's jurisdiction" },
  "s3-inventory": {
    type: "string",
    valueHint: "url|file",
    description: "Every image of an S3 Inventory (CSV), by its `manifest.json`",
  },
  "inventory-data": {
    type: "string",
    valueHint: "url|folder",
    description: "Where the manifest's files are. Default: `../data/` beside it, as in the bucket",
  },
  "inventory-prefix": {
    type: "string",
    valueHint: "prefix",
    description:
      "Keys under it name images by the rest of the key (`/`: all of it). Default: the configuration's sources name them",
  },
  recipe: {
    type: "string",
    valueHint: "name",
    description: "Recipe for images that name none. Default: upload",
  },
  preset: { type: "string", valueHint: "name", multiple: true, description: "Preset for them; may repeat" },
  transform: {
    type: "string",
    valueHint: "query",
    multiple: true,
    description: "Transform for them, such as w=800&f=webp; may repeat",
  },
  v: {
    type: "string",
    valueHint: "token",
    description: "The site's version token of images that name none themselves",
  },
  "only-missing": { type: "boolean", description: "Ask R2 first and leave out stored variants" },
  force: { type: "boolean", description: "Make stored variants again" },
  "dry-run": {
    type: "boolean",
    description: "Only count: variants, jobs, bytes, money, time, and what the month's budget allows",
  },
  label: { type: "string", valueHint: "text", description: "Name of the run on the dashboard" },
  rate: { type: "string", valueHint: "n/s", description: "Send at most so many images, such as 50/s or 3000/m" },
  wait: { type: "boolean", description: "Return when every variant is stored, or has failed" },
  detach: { type: "boolean", description: "Return when everything is accepted (the default)" },
  resume: {
    type: "string",
    valueHint: "run|last",
    description: "Go on with an interrupted run; nothing is enqueued twice",
  },
  "retry-failed": { type: "boolean", description: "With --resume: try the run's dead variants again" },
  "max-errors": {
    type: "string",
    valueHint: "n",
    description: "Stop when more than n images or variants have failed (exit code 5)",
  },
  "allow-empty": { type: "boolean", description: "An input without any image is fine, not an error" },
  timeout: TIMEOUT_FLAG,
} as const satisfies Command["flags"];

/** Flags that a resumed run has in its state and cannot change. */
export const FIXED_BY_RUN = [
  ...(["file", "sitemap", "html", "site", "r2-prefix", "bucket", "jurisdiction", "format"] as const),
  ...(["s3-inventory", "inventory-data", "inventory-prefix"] as const),
  ...(["recipe", "preset", "transform", "v", "only-missing", "force", "label", "dry-run"] as const),
];
