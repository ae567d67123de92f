import { shownDuration } from '../core/units.ts';
import { shownTarget } from '../host/http.ts';
import type { Action, Plan } from './plan.ts';

/** A plan as a person reads it before it runs: every step, its limit, and what takes it back. */
export function planText(plan: Plan): string {
  const lines = [`${plan.title}`];
  for (const step of plan.stages.flatMap((stage) => stage.steps)) {
    lines.push(`  ${step.id.padEnd(10)} ${step.title}`);
    lines.push(
      `  ${''.padEnd(10)} ${actionText(step.action)}${step.on === 'local' ? '' : `  on ${step.on}`}`,
    );
    if (step.unless !== undefined) lines.push(`  ${''.padEnd(10)} unless: ${step.unless.shown}`);
    if (step.undo !== undefined) lines.push(`  ${''.padEnd(10)} undo: ${actionText(step.undo)}`);
  }
  return `${lines.join('\n')}\n`;
}

function actionText(action: Action): string {
  switch (action.kind) {
    case 'exec':
      return `$ ${action.line.shown}  (at most ${shownDuration(action.timeoutMs)})`;
    case 'put':
      return `put ${action.path}, mode ${action.mode.toString(8)}, ${Buffer.byteLength(action.content)} bytes`;
    case 'waitHttp':
      return `wait for ${action.status} from ${shownTarget(action.target)} ${action.path}  (at most ${shownDuration(action.timeoutMs)})`;
    case 'call':
      return `${action.handler} ${inputText(action.input)} (at most ${shownDuration(action.timeoutMs)})`;
  }
}

function inputText(input: Readonly<Record<string, unknown>>): string {
  const pairs = Object.entries(input).map(([name, value]) => `${name}=${JSON.stringify(value)} `);
  return pairs.join('');
}
