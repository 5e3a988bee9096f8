import type { Command } from "../arguments/command.ts";
import { planDestroy } from "../deploy/destroy.ts";
import { carryOutPlan, openTarget, PLAN_FLAGS } from "../steps/open-target.ts";

const { yes: _, ...flags } = PLAN_FLAGS;

export const destroyCommand: Command = {
  name: "destroy",
  description: "Delete an environment with its ledger",
  more: "That is both Workers, the ledger, the queues and the empty bucket of variants.",
  operands: null,
  flags: {
    ...flags,
    confirm: { type: "string", valueHint: "name", description: "The environment's name, in place of typing it" },
  },
  examples: ["prewarm destroy --to staging", "prewarm destroy --to staging --confirm staging"],
  async run(args, context) {
    const opened = await openTarget(args, context);
    const { target, wrangler } = opened;
    const question = `This deletes ${target.env}, with its ledger. Nothing brings it back.`;
    const given = args.text("confirm") === target.env;
    const flag = `--confirm ${target.env}`;
    const consent = { dryRun: args.flag("dry-run"), given, question, answer: target.env, flag };
    return carryOutPlan("destroy", await planDestroy(target, wrangler), consent, opened);
  },
};
