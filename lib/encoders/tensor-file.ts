/** A file with named tensors, read one at a time. */
export interface TensorFile {
  /** For error messages. */
  readonly path: string;
  readonly format: "safetensors" | "CTranslate2";
  /** For CTranslate2, the kind of model: `WhisperSpec`. */
  readonly spec?: string;
  /** Shapes of all tensors. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /**
   * The values of a tensor, in C order.
   *
   * @throws {UserError} naming file and tensor, when its type is not supported or it contains NaN or infinity
   */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}
