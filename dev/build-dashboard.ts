import { judgeSite, listFaults } from "../scripts/site-faults.ts";
import { buildDashboard } from "./dashboard.ts";

// `npm run build`: what a deploy needs. A configuration at fault is not built.
const { faults } = await judgeSite();
if (faults.length > 0) {
  console.error(listFaults(faults));
  process.exit(1);
}
await buildDashboard();
