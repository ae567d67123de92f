/**
 * `node bench/fleet-scale.ts --folder DIR [--times 3]`
 *
 * How much longer a deploy to all web hosts of a lab takes than to the first of them alone. Both have the runtime already; a
 * release is new each time.
 * `node bench/fleet-bare.ts --hosts lb,web1,…,web10,db1=sid,redis1 --again 1 --then 'node bench/fleet-scale.ts --folder $FLEET_FOLDER'`
 */
import { stageOf } from './fleet/environment.ts';
import { oneHostOf } from './fleet/one-host.ts';
import { programOf, run } from './fleet/program.ts';

const stage = stageOf({ times: { type: 'string' } });
const one = oneHostOf(stage.folder);
process.once('exit', () => one.remove());
const folders = { one: one.folder, many: stage.folder };
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
