/** Does something while the process says that it runs on another system. */
export async function onPlatform<T>(platform: NodeJS.Platform, action: () => T | Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(process, "platform")!;
  Object.defineProperty(process, "platform", { ...own, value: platform });
  try {
    return await action();
  } finally {
    Object.defineProperty(process, "platform", own);
  }
}
