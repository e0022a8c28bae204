/** The name of an attachment by its place among those of its message: ATT00001, ATT00002 … */
export function attachmentId(at: number): string {
  return `ATT${String(at + 1).padStart(5, "0")}`;
}
