import { withPrewarm } from "@prewarm/client/next";

// `...publicConfig`, which `prewarm print client --json` prints, stands beside baseUrl where the configuration is not the default.
export default withPrewarm({ output: "export" }, { baseUrl: "https://images.example.com" });
