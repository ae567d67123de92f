/** The file that names the process that owns a data folder; beside it, so that no backup copies it. */
export function ownerFileOf(dataFolder: string): string {
  return `${dataFolder}.owner`;
}
