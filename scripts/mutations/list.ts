import { API } from "./api.ts";
import { CHANGES } from "./changes.ts";
import { CLI } from "./cli.ts";
import { CLIENT } from "./client.ts";
import { CONSOLE } from "./console.ts";
import { CONSUMER } from "./consumer.ts";
import { DASHBOARD } from "./dashboard.ts";
import { EDGE } from "./edge.ts";
import { EDGE_MISS } from "./edge-miss.ts";
import { HOOKS } from "./hooks.ts";
import { IMAGES } from "./images.ts";
import { INSTALLING } from "./installing.ts";
import { ITTYBIT } from "./ittybit.ts";
import { LEDGER } from "./ledger.ts";
import { LEGACY_URLS } from "./legacy-urls.ts";
import { LOCAL_STACK } from "./local-stack.ts";
import { MAKING } from "./making.ts";
import type { Mutation } from "./mutation.ts";
import { PURGES } from "./purges.ts";
import { QUEUE_ADMISSION } from "./queue-admission.ts";
import { QUEUE_HANDING_OUT } from "./queue-handing-out.ts";
import { QUEUE_OBJECT } from "./queue-object.ts";
import { QUEUE_SCHEMA } from "./queue-schema.ts";
import { QUEUE_SETTLING } from "./queue-settling.ts";
import { REWRITER } from "./rewriter.ts";
import { SHARED } from "./shared.ts";
import { SITES } from "./sites.ts";
import { STORE } from "./store.ts";
import { TOOLS } from "./tools.ts";

/** All mutations, by area of the code: the folder of the file that a mutation changes. */
export const MUTATIONS: readonly Mutation[] = [
  ...API,
  ...CLI,
  ...CLIENT,
  ...CONSOLE,
  ...CONSUMER,
  ...DASHBOARD,
  ...EDGE,
  ...EDGE_MISS,
  ...HOOKS,
  ...IMAGES,
  ...INSTALLING,
  ...ITTYBIT,
  ...LEDGER,
  ...LEGACY_URLS,
  ...LOCAL_STACK,
  ...MAKING,
  ...PURGES,
  ...CHANGES,
  ...QUEUE_ADMISSION,
  ...QUEUE_HANDING_OUT,
  ...QUEUE_OBJECT,
  ...QUEUE_SCHEMA,
  ...QUEUE_SETTLING,
  ...REWRITER,
  ...SHARED,
  ...SITES,
  ...STORE,
  ...TOOLS,
];
