/** One file or folder of an archive, in the order in which it is written. */
export type ArchiveEntry = ArchiveFile | ArchiveFolder;

export interface ArchiveFolder {
  readonly kind: 'folder';
  /** Relative, `/` between names. */
  readonly path: string;
  readonly modifiedAtMs: number;
}

export interface ArchiveFile {
  readonly kind: 'file';
  readonly path: string;
  readonly modifiedAtMs: number;
  /** Exactly what `content` yields, known beforehand: a tar header says it. */
  readonly sizeBytes: number;
  /** Read once, when its turn comes. */
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
}
