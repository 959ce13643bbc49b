import { AdainError, firstLine } from "./errors";

/**
 * Fetch a whole file.
 *
 * @param onChunk is told how many bytes have just come
 * @throws AdainError no connection, or the server does not give the file
 */
export async function download(url: string, onChunk: (bytes: number) => void = () => undefined): Promise<Uint8Array> {
  const name = url.split(/[?#]/)[0]!.split("/").at(-1)!;
  try {
    const response = await fetch(url);
    if (!response.ok) throw new AdainError(`${name} could not be loaded (HTTP ${response.status}); check the address`);
    const chunks: Uint8Array[] = [];
    const reader = response.body!.getReader();
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      chunks.push(value!);
      onChunk(value!.length);
    }
    return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
  } catch (error) {
    if (error instanceof AdainError) throw error;
    throw new AdainError(`${name} could not be loaded (${firstLine(error)}); check the connection`);
  }
}
