/** A file with named tensors, read one at a time. */
export interface TensorFile {
  /** Named in errors. */
  readonly path: string;
  readonly format: "safetensors" | "CTranslate2";
  /** Of CTranslate2's form the kind of model: `WhisperSpec`. */
  readonly spec?: string;
  /** Shapes of all tensors. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /**
   * The values of a tensor, in C order.
   *
   * @throws {UserError} naming file and tensor, where its type is one that is not read, and where it holds NaN or infinity
   */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}
