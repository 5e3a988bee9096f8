import type { Command } from "../arguments/command.ts";
import { planProvision } from "../deploy/provision.ts";
import { carryOutPlan, openTarget, PLAN_FLAGS, withAccount } from "../steps/open-target.ts";
import { provisioning } from "../steps/provisioning.ts";

export const provisionCommand: Command = {
  name: "provision",
  description: "Create what a deploy needs in the account",
  more: "That is buckets, their rule, queues and secrets.",
  operands: null,
  flags: {
    ...PLAN_FLAGS,
    adopt: {
      type: "string",
      valueHint: "name",
      multiple: true,
      description:
        "Use this bucket or queue, although it exists and is in use; may repeat. --yes does not agree to that",
    },
    set: {
      type: "string",
      valueHint: "secret",
      multiple: true,
      description: "Set this secret again, from the environment or typed; may repeat",
    },
  },
  examples: [
    "prewarm provision --to staging",
    "prewarm provision --to staging --dry-run",
    "prewarm provision --to staging --yes --adopt optimized-images-staging",
    "prewarm provision --to staging --set HOOK_SECRET",
  ],
  async run(args, context) {
    return withAccount(args, await openTarget(args, context), async (opened) => {
      const steps = await planProvision(opened.target, provisioning(opened, context, args.list("set")));
      const question = `Provision ${opened.target.env}?`;
      const given = { given: args.flag("yes"), adopted: args.list("adopt"), flag: "--yes" };
      const consent = { dryRun: args.flag("dry-run"), ...given, question, answer: "yes" };
      return carryOutPlan("provision", steps, consent, opened);
    });
  },
};
