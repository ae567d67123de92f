/**
 * `node bench/fleet-interrupt.ts --folder DIR [--environment lab] [--addresses A,B] [--port 80] [--site NAME] [--every N] [--part deploy|rollback|cut|disk]`
 *
 * Kills the command line at each step boundary of a deploy and of a rollback over several web hosts, cuts a host off during
 * the switch, and fills a host's disk. After each point the next run must bring one version everywhere, while every host
 * goes on to answer.
 */
import { lab, poll, type Stage, stageOf, statusOf } from './fleet/environment.ts';
import { type Program, programOf, run } from './fleet/program.ts';

const SMALL =
  'mountpoint -q /var/lib/ompay || { mkdir -p /run/small; mount -t tmpfs -o size=8m,mode=755 small /run/small; cp -a /var/lib/ompay/. /run/small/; mount --bind /run/small /var/lib/ompay; }';
const FILL =
  'mountpoint -q /var/lib/ompay && dd if=/dev/zero of=/var/lib/ompay/filler bs=4k count=4096 2>/dev/null; true';
const FREE = 'rm -f /var/lib/ompay/filler';

const stage = stageOf({
  addresses: { type: 'string' },
  port: { type: 'string' },
  site: { type: 'string' },
  every: { type: 'string' },
  part: { type: 'string' },
  cut: { type: 'string' },
});
const every = Number(stage.options.every ?? 1);
const addresses = String(stage.options.addresses ?? '')
  .split(',')
  .filter((address) => address !== '');
const victim = typeof stage.options.cut === 'string' ? stage.options.cut : 'web2';
const programs: readonly [Program, Program] = [programOf('one'), programOf('two')];
const polling = poll(addresses, {
  port: Number(stage.options.port ?? 80),
  site: typeof stage.options.site === 'string' ? stage.options.site : undefined,
});
const tally = { points: 0, passed: 0, sent: 0, failed: 0 };
let turn = 0;

try {
  for (const program of programs) await mustEnd(program.path, stage.words('deploy', '--bake', '1'));
  if (isAsked('rollback')) await killedRollbacks();
  if (isAsked('deploy')) await killedDeploys();
  if (isAsked('cut')) await cutOff();
  if (isAsked('disk')) await fullDisk();
} finally {
  await polling.stop();
  for (const program of programs) program.remove();
  process.stdout.write(`${JSON.stringify(tally)}\n`);
}

function isAsked(what: string): boolean {
  return stage.options.part === undefined || stage.options.part === what;
}

/** The program whose release is not live. */
function nextProgram(): Program {
  turn += 1;
  return programs[turn % 2 === 0 ? 1 : 0];
}

async function killedRollbacks(): Promise<void> {
  const whole = await mustEnd(programs[0].path, stage.words('rollback'));
  for (let point = 1; point < whole.length; point += every) {
    await run(programs[0].path, stage.words('rollback'), (_event, index, kill) => {
      if (index === point) kill();
    });
    await judged(`rollback killed at ${point} (${whole[point - 1]})`, programs[0], ['rollback']);
  }
}

async function killedDeploys(): Promise<void> {
  const whole = await mustEnd(nextProgram().path, stage.words('deploy', '--bake', '1'));
  for (let point = 1; point < whole.length; point += every) {
    const program = nextProgram();
    await run(program.path, stage.words('deploy', '--bake', '1'), (_event, index, kill) => {
      if (index === point) kill();
    });
    await judged(`deploy killed at ${point} (${whole[point - 1]})`, program, ['deploy', '--bake', '1']);
  }
}

/** Right before each of the steps, the victim's cable is pulled; it is put back when the run has ended. */
async function cutOff(): Promise<void> {
  for (const step of ['arm', 'switch', 'observe', 'keep']) {
    const program = nextProgram();
    let cutting: Promise<void> | undefined;
    const ended = await run(program.path, stage.words('deploy', '--bake', '3'), (event) => {
      if (event.type === 'step-started' && event.step.startsWith(step))
        cutting ??= lab(program.path, stage, 'cut', victim);
    });
    await cutting;
    polling.take();
    await lab(program.path, stage, 'join', victim);
    await waitUntilAlone(program, stage);
    await judged(`${victim} cut off at ${step}: exit ${ended.exitCode}`, program, ['deploy', '--bake', '1']);
  }
}

/** The carrier of a host that was cut off goes back by itself. */
async function waitUntilAlone(program: Program, at: Stage): Promise<void> {
  for (let tries = 0; tries < 30; tries += 1) {
    const hosts = await statusOf(program.path, at);
    if (hosts.every(({ isLocked }) => !isLocked)) return;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

async function fullDisk(): Promise<void> {
  const onVictim = (line: string) => lab(programs[0].path, stage, 'exec', victim, '--', 'sh', '-c', line);
  await onVictim(SMALL);
  for (const step of ['look', 'smoke', 'switch', 'keep']) {
    const program = nextProgram();
    let filling: Promise<void> | undefined;
    const ended = await run(program.path, stage.words('deploy', '--bake', '2'), (event) => {
      if (event.type === 'step-started' && event.step.startsWith(step)) filling ??= onVictim(FILL);
    });
    await filling;
    await onVictim(FREE);
    await judged(`the disk of ${victim} full at ${step}: exit ${ended.exitCode}`, program, [
      'deploy',
      '--bake',
      '1',
    ]);
  }
}

/** The next run, and what is then everywhere. */
async function judged(what: string, program: Program, words: readonly string[]): Promise<void> {
  const left = (await statusOf(program.path, stage)).map(({ name, release }) => `${name} ${release}`);
  let next = await run(program.path, stage.words(...words));
  // A killed operator's locks are held until its lease is over.
  for (let tries = 0; next.exitCode === 4 && tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    next = await run(program.path, stage.words(...words));
  }
  const hosts = await statusOf(program.path, stage);
  const releases = new Set(hosts.map(({ release }) => release));
  const seen = polling.take();
  const isOne =
    releases.size === 1 &&
    !releases.has(null) &&
    hosts.every(({ isPending, isLocked }) => !isPending && !isLocked);
  const isPassed = next.exitCode === 0 && isOne && seen.failed === 0;
  tally.points += 1;
  tally.passed += isPassed ? 1 : 0;
  tally.sent += seen.sent;
  tally.failed += seen.failed;
  const after = isPassed
    ? ''
    : `; next run exit ${next.exitCode}: ${next.summary}; ${JSON.stringify(hosts)}; ${seen.seen.slice(0, 3).join(', ')}`;
  process.stdout.write(
    `${isPassed ? 'passed' : 'FAILED'}  ${what}; left ${left.join(', ')}; ${seen.failed} of ${seen.sent} requests failed${after}\n`,
  );
}

async function mustEnd(program: string, words: readonly string[]): Promise<readonly string[]> {
  const { exitCode, events, summary } = await run(program, words);
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${summary}`);
  return events.map(({ type, step }) => `${type} ${step}`);
}
