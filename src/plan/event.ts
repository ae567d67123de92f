import type { JsonObject } from './plan.ts';

/** What happens in a run, in order. The terminal, `--json`, the journal and the reports read these and nothing else. */
export type RunEvent =
  | {
      readonly type: 'run-started';
      readonly command: string;
      readonly title: string;
      readonly input: JsonObject;
    }
  | {
      readonly type: 'plan-started';
      readonly plan: string;
      readonly title: string;
      readonly steps: readonly StepTitle[];
    }
  | { readonly type: 'step-started'; readonly plan: string; readonly step: string; readonly title: string }
  | { readonly type: 'step-skipped'; readonly plan: string; readonly step: string }
  | {
      readonly type: 'step-done';
      readonly plan: string;
      readonly step: string;
      readonly durationMs: number;
      readonly output: JsonObject;
    }
  | {
      readonly type: 'step-failed';
      readonly plan: string;
      readonly step: string;
      readonly durationMs: number;
      readonly error: ShownError;
    }
  /** What a step saw and judged, for reports: also of a step that fails afterwards. */
  | {
      readonly type: 'evidence';
      readonly plan: string;
      readonly step: string;
      readonly kind: EvidenceKind;
      readonly data: JsonObject;
    }
  | { readonly type: 'undo-started' | 'undo-done'; readonly plan: string; readonly step: string }
  | { readonly type: 'undo-failed'; readonly plan: string; readonly step: string; readonly error: ShownError }
  | { readonly type: 'plan-done' | 'plan-failed'; readonly plan: string; readonly durationMs: number }
  | { readonly type: 'note'; readonly text: string; readonly data: JsonObject }
  | {
      readonly type: 'run-done';
      readonly exitCode: number;
      readonly durationMs: number;
      readonly summary: string;
      readonly data: JsonObject;
    };

/** `check`: a verdict of a checklist; `observation`: what users saw around the switch, and the judgement of it. */
export type EvidenceKind = 'check' | 'observation' | 'migration';

export interface StepTitle {
  readonly step: string;
  readonly title: string;
}

/** An error as people and scripts see it. */
export interface ShownError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

export type Emit = (event: RunEvent) => void;
