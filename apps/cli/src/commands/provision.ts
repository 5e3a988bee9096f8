import type { Command } from "../arguments/command.ts";
import { carryOut } from "../deploy/plan.ts";
import { planProvision } from "../deploy/provision.ts";
import { openTarget, PLAN_FLAGS } from "../steps/open-target.ts";
import { provisioning } from "../steps/provisioning.ts";

export const provisionCommand: Command = {
  name: "provision",
  description: "Create what a deploy needs in the account: buckets, their rule, queues, secrets",
  operands: null,
  flags: PLAN_FLAGS,
  examples: ["prewarm provision --to staging", "prewarm provision --to staging --dry-run"],
  async run(args, context) {
    const opened = await openTarget(args, context);
    const steps = await planProvision(opened.target, provisioning(opened, context));
    const question = `Provision ${opened.target.env}?`;
    const consent = { dryRun: args.flag("dry-run"), given: args.flag("yes"), question, answer: "yes", flag: "--yes" };
    return carryOut(steps, consent, opened.person);
  },
};
