import type { Secret } from '../../core/secret.ts';

export interface S3Settings {
  readonly name: string;
  /** `https://s3.eu-west-3.amazonaws.com`, or of any compatible service. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Before every key; empty or ending in `/`. */
  readonly prefix: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** The bucket in the path, not in the host's name. */
  readonly pathStyle: boolean;
  /** Some services refuse the checksums that the client sends unless told. */
  readonly checksums: 'when_supported' | 'when_required';
  readonly partBytes: number;
  /** How long each object is locked (Object Lock, compliance mode); null for not at all. */
  readonly lockDays: number | null;
  readonly offsite: boolean;
  /** The bucket as it was at this moment (it must keep versions), for reading alone; null for now. */
  readonly asOfMs: number | null;
}
