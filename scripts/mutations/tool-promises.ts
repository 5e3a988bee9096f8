/** What a third review found in the tools (docs/security.md, docs/reliability.md), by the review's numbers: N is security, S a newcomer's first day. */
export const TOOL_PROMISES: Record<string, string> = {
  N4: "A folder above the clone chooses no pnpm",
  N8: "No control or format character reaches a terminal as it is",
  N9: "No configuration of a stranger runs",
  N13: "CI hands out no more than a step needs",
  D1: "The documentation's site loses no page, and no install pays for it",
  S1: "A command that touches a deployment names its environment",
  S3: "A killed install keeps nobody waiting",
  S4: "One stack works on a state folder, and no count is below 0",
  S5: "A test that waits for another commit is run every night",
  S6: "The program ends with the exit code of its command",
};
