/** Uses something that is disposed of afterwards, whatever came of it: `await using`, for a Node that does not know it. */
export async function disposing<T extends AsyncDisposable, R>(
  resource: T,
  use: (resource: T) => Promise<R>,
): Promise<R> {
  try {
    return await use(resource);
  } finally {
    await resource[Symbol.asyncDispose]();
  }
}
