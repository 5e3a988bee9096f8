import { withPrewarm } from "@prewarm/client/next";

export default withPrewarm({ output: "export" }, { baseUrl: "https://images.example.com", access: "private" });
