import type { KeyObject } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Progress } from '../core/progress.ts';
import type { Secret } from '../core/secret.ts';
import type { Engine } from '../engine/engine.ts';
import type { ProofQuery, SourceFacts } from '../engine/proof.ts';
import type { Rehearsal } from '../engine/rehearse.ts';
import type { Recipient } from '../store/repository/age.ts';
import type { BackupKind } from '../store/repository/manifest.ts';
import type { RepositoryAccess } from '../store/repository/published.ts';

/** One backup with all its copies. Every listed backup was read back, booted and proven before it was listed. */
export interface Backup {
  /** A ULID. */
  readonly id: string;
  readonly engine: string;
  readonly serverUuid: string;
  readonly serverVersion: string;
  readonly kind: BackupKind;
  readonly method: 'online' | 'cold';
  /** The engine's positions: LSN (PostgreSQL), GTID set (MySQL). */
  readonly from: string;
  readonly to: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Of one copy's payload. */
  readonly sizeBytes: number;
  /** Of the files inside, uncompressed. */
  readonly plainSizeBytes: number;
  readonly copies: readonly Copy[];
}

export interface Copy {
  readonly store: string;
  /** As `Store.medium`. */
  readonly medium: string;
  readonly offsite: boolean;
  readonly immutable: boolean;
  /** When it was last read back whole and found right; ISO 8601. */
  readonly verifiedAt: string;
  /** When it was last found wrong, if that is later than `verifiedAt`. */
  readonly failedAt?: string;
}

export interface Actor {
  /** `user@host` */
  readonly owner: string;
  readonly machine: string;
}

/** A backup that is no data folder: what it is, and how an extracted copy is shown to be whole. */
export interface BackupContent {
  readonly kind: Exclude<BackupKind, 'full'>;
  /** The beginning of its repository's name, beside the server's. */
  readonly source: string;
  /** Throws `backupDamaged`. */
  prove(
    folder: string,
    options: {
      readonly queries: readonly ProofQuery[];
      readonly facts: SourceFacts | null;
      readonly clock: Clock;
      readonly signal?: AbortSignal;
    },
  ): Promise<Rehearsal>;
}

/** What making and keeping backups takes. */
export interface BackupDeps extends RepositoryAccess {
  readonly clock: Clock;
  readonly engine: Engine;
  /** Is told of bytes that are copied and read. */
  readonly progress?: Progress;
  /** Absent: full backups. Each kind has a site of its own, so that none is taken for another. */
  readonly content?: BackupContent;
  /** What is asked of every copy before it counts. */
  readonly queries: readonly ProofQuery[];
  /** Who can open the backups: operations and escrow. */
  readonly recipients: readonly Recipient[];
  /** Opens the copy that is proven: of one of the recipients. */
  readonly identity: Secret;
  /** Keys that `identity` replaced: they open older backups. */
  readonly formerIdentities?: readonly Secret[];
  /** ed25519; its public half is `verificationKey`. */
  readonly signingKey: KeyObject;
  /** For the lock and for extracted copies (0700, as large as the database); on this machine. */
  readonly workFolder: string;
  readonly actor: Actor;
}
