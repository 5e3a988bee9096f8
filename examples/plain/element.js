import { definePrewarmImg } from "@prewarm/client/element";

definePrewarmImg();
