/**
 * The ARN of a standard topic of Amazon SNS: partition, region, account, name. A FIFO topic (`….fifo`) has no HTTPS
 * subscriptions.
 */
export const TOPIC_ARN =
  /^arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z0-9]{1,20}){1,4}):\d{12}:[A-Za-z0-9_-]{1,256}$/;

/** The host that answers for SNS where a topic is: its certificates and confirmations come from no other. Null: it is no ARN. */
export function snsHost(topic: string): string | null {
  const [, partition, region] = TOPIC_ARN.exec(topic) ?? [];
  if (region === undefined) return null;
  return `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}
