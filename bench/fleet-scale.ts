/**
 * `node bench/fleet-scale.ts --folder DIR --one DIR [--environment lab] [--times 3]`
 *
 * How much longer a deploy to all hosts of one installation (`--folder`, say ten web hosts) takes than to the single host of
 * another (`--one`). Both have the runtime already; a release is new each time.
 */
import { stageOf } from './fleet/environment.ts';
import { programOf, run } from './fleet/program.ts';

const stage = stageOf({ one: { type: 'string' }, times: { type: 'string' } });
const one = stage.options.one;
if (typeof one !== 'string') throw new Error('--one DIR: an installation with one web host');
const folders = { one, many: stage.folder };
const tookMs: Record<keyof typeof folders, number[]> = { one: [], many: [] };

for (let time = 0; time <= Number(stage.options.times ?? 3); time += 1) {
  const program = programOf(`scale ${time}`);
  for (const which of ['one', 'many'] as const) {
    const words = ['-C', folders[which], 'deploy', '-e', stage.environment, '--bake', '1'];
    const ended = await run(program.path, words);
    if (ended.exitCode !== 0) throw new Error(`${which}: exit ${ended.exitCode}: ${ended.summary}`);
    // The first brings the agent and fills the slots for the first time.
    if (time > 0) tookMs[which].push(ended.tookMs);
    process.stdout.write(`${which}: ${Math.round(ended.tookMs)} ms\n`);
  }
  program.remove();
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const [single, many] = [median(tookMs.one), median(tookMs.many)];
process.stdout.write(
  `median of one ${Math.round(single)} ms, of many ${Math.round(many)} ms: ${(many / single).toFixed(2)} times\n`,
);
