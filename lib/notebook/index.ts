/**
 * In the cells of a notebook: showing figures and tables, playing sound.
 *
 * @module notebook
 */

export {
  type FrameLike,
  type ListenOptions,
  listen,
  type PlayableSound,
  type ShowOptions,
  show,
} from "./display.js";
