/**
 * `node bench/fleet-switch.ts --folder DIR --urls https://A,https://B [--address IP] [--environment lab] [--cycles 20] [--connections 32] [--pause 20] [--reload web1]`
 *
 * Failed requests while releases are switched on several web hosts: CYCLES times a deploy of another release and a rollback,
 * under connections that stay open; then the failing control, as many reloads of nginx on a host.
 */
import { lab, stageOf } from './fleet/environment.ts';
import { load } from './fleet/load.ts';
import { programOf, run } from './fleet/program.ts';

const stage = stageOf({
  urls: { type: 'string' },
  address: { type: 'string' },
  cycles: { type: 'string' },
  connections: { type: 'string' },
  pause: { type: 'string' },
  reload: { type: 'string' },
  bake: { type: 'string' },
});
const cycles = Number(stage.options.cycles ?? 20);
const programs = [programOf('one'), programOf('two')];
const address = typeof stage.options.address === 'string' ? stage.options.address : undefined;
const users = load({
  urls: String(stage.options.urls ?? '').split(','),
  connections: Number(stage.options.connections ?? 32),
  pauseMs: Number(stage.options.pause ?? 20),
  address,
});
const times: { deploy: number[]; rollback: number[] } = { deploy: [], rollback: [] };

try {
  for (const { path } of programs) await timed(path, ['deploy', '--bake', '1']);
  users.take();
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    // After a rollback the other program's release is the one that is not live.
    const program = programs[cycle % 2];
    if (program === undefined) break;
    times.deploy.push(await timed(program.path, ['deploy', '--bake', String(stage.options.bake ?? 2)]));
    times.rollback.push(await timed(program.path, ['rollback']));
    times.rollback.push(await timed(program.path, ['rollback']));
  }
  report('switched', users.take());
  const reloaded = stage.options.reload;
  const [first] = programs;
  if (typeof reloaded === 'string' && first !== undefined) {
    for (let count = 0; count < cycles * 3; count += 1)
      await lab(first.path, stage, 'exec', reloaded, '--', 'nginx', '-s', 'reload');
    report('control: nginx reloaded', users.take());
  }
} finally {
  await users.stop();
  for (const program of programs) program.remove();
}

async function timed(program: string, words: readonly string[]): Promise<number> {
  const { exitCode, summary, tookMs } = await run(program, stage.words(...words));
  if (exitCode !== 0) throw new Error(`${words.join(' ')}: exit ${exitCode}: ${summary}`);
  process.stdout.write(`${words[0]} ${Math.round(tookMs)} ms; ${summary}\n`);
  return tookMs;
}

function report(what: string, { requests, failed, failures }: ReturnType<typeof users.take>): void {
  const median = (values: readonly number[]): number =>
    Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0);
  process.stdout.write(
    `${what}: ${failed} of ${requests} requests failed ${JSON.stringify(failures)}; ${times.deploy.length} deploys, median ${median(times.deploy)} ms; ${times.rollback.length} rollbacks, median ${median(times.rollback)} ms\n`,
  );
}
