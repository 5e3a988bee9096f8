import site from "../../../prewarm.config.ts";
import { createEdge } from "./create-edge.ts";

export default createEdge(site);
