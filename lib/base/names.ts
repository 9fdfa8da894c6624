/** Windows keeps these names for devices, with any ending and in either case. */
const DEVICES = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/** Whether Windows would take a file or folder of this name for a device. */
export function isDevice(name: string): boolean {
  return DEVICES.test(name);
}

/**
 * Whether a text names a folder on every system. Windows has no names that end in a dot.
 *
 * @example ["four-corpora", "../x", "nul", "a."].map(isFolderName) // [true, false, false, false]
 */
export function isFolderName(name: string): boolean {
  return /^\w[\w.-]*$/.test(name) && !name.endsWith(".") && !isDevice(name);
}
