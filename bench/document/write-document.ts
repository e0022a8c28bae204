export async function writeDocument(_files: readonly string[]): Promise<string[]> {
  return [];
}
