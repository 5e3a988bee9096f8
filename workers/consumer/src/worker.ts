import site from "../../../prewarm.config.ts";
import { createConsumer } from "./create-consumer.ts";

const consumer = createConsumer(site);

export class Ledger extends consumer.Ledger {}
export class Misses extends consumer.Misses {}

export default consumer.worker;
