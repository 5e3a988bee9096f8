/** What each act does to an image, in one sentence, wherever it is offered. */
export const IMAGE_ACTS = {
  purge: "Its variants go, the original stays, and the next view makes them again.",
  remove: "All that Prewarm has of it goes, viewers get 410 until you lift the block, and a signed receipt says so.",
} as const;
