import { playPart } from "./histories.ts";

playPart(3, true);
