import { createRewriter } from "prewarm/rewriter";
import site from "./prewarm.config.ts";

// What the `src` of the site's images begins with; what follows is the id.
export default createRewriter(site, { from: "/uploads/" });
