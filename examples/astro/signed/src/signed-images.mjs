import prewarm from "@prewarm/client/astro";
import { signImageSync } from "@prewarm/client/server";

const key = process.env.SIGNING_KEYS?.split(",")[0] ?? "";
const sign = (ref) => signImageSync(ref, key);
/** Astro hands a configuration on as JSON, in which no function can stand. */
const signing = ({ service }) => ({ service: { config: { ...service.config, sign } } });

/** The service runs where Astro renders pages and never in a browser, so it may hold the key. */
export default {
  ...prewarm,
  getURL: (asked, config) => prewarm.getURL(asked, signing(config)),
  getSrcSet: (asked, config) => prewarm.getSrcSet(asked, signing(config)),
};
