import type { ReleaseManifest } from '../../core/release-manifest.ts';
import type { BundledFile } from '../bundle.ts';

/** A release as servers get it: signed, with what it consists of, and with the runtime and the agent that it needs. */
export interface Shippable {
  /** A `Release` of src/deploy/types.ts, and more. */
  readonly manifest: ReleaseManifest;
  /** All files of its folder: those of the manifest, the manifest, its signature. */
  readonly files: readonly BundledFile[];
  readonly runtime: Runtime;
  readonly agent: AgentProgram;
}

/** Node's binary, an object of its own: releases that want the same one share it. */
export interface Runtime {
  readonly sha256: string;
  /** `24.21.0` */
  readonly version: string;
  /** `linux-x64` */
  readonly platform: string;
  /** Of the binary on this machine. */
  readonly path: string;
  readonly sizeBytes: number;
}

/** The program on servers that verifies releases and carries switches; it runs on the runtime. */
export interface AgentProgram {
  /** The first 12 hex characters of the SHA-256 of its file and its runtime. */
  readonly id: string;
  readonly file: BundledFile;
  readonly runtimeSha256: string;
}

/** What is on a host of what is to go there, before anything is sent. */
export interface HostLook {
  /** As `uname -m` says. */
  readonly machine: string;
  readonly freeBytes: number;
  readonly hasRuntime: boolean;
  readonly hasAgent: boolean;
  /** The agent that `current` names; empty without one. */
  readonly currentAgent: string;
  /** `verified` by the agent on the host, every hash; `unseen` where there is no agent yet that could. */
  readonly release: 'verified' | 'absent' | 'unseen' | 'damaged';
  /** What the agent said of a damaged one, which is sent again. */
  readonly damage: string;
}
