/** Types an image may have. Those from `tiff` on are known by name only: width and height are 0. */
export type ImageType = "jpeg" | "png" | "webp" | "avif" | "gif" | "heic" | "tiff" | "jxl" | "svg" | "bmp" | "ico";

export interface ImageHeader {
  type: ImageType;
  /** Stored pixels, before `orientation`; 0 when unknown. See `orientedSize`. */
  width: number;
  height: number;
  /** 1 is a still; more is an animation, at least 2 when the count is not known. */
  frames: number;
  /** EXIF orientation 1–8; AVIF and HEIC rotation and mirroring are given in the same numbers. */
  orientation: number;
  /** False when more bytes could still change `frames` or `orientation`. */
  settled: boolean;
}
