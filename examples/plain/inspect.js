import { inspect } from "@prewarm/client/inspect";

// In development only: no visitor should load it.
if (location.hostname === "localhost") inspect({ baseUrl: "http://localhost:8787" });
