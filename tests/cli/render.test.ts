import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { createRenderer, table } from '../../src/cli/render.ts';
import type { RunEvent } from '../../src/plan/event.ts';
import { jsonLines, run } from '../fixtures/ompay.ts';

const FIXTURE = fileURLToPath(new URL('../fixtures/render-run.ts', import.meta.url));

/** What a run shows on a real (pseudo) terminal, without its control sequences, and how the process ended. */
async function onTerminal(outcome: string): Promise<{ exitCode: number | string; lines: string[] }> {
  const command = `stty columns 100 rows 40; '${process.execPath}' --disable-warning=ExperimentalWarning '${FIXTURE}' ${outcome}`;
  const { exitCode, stdout } = await run('script', [
    '--quiet',
    '--return',
    '--command',
    command,
    '/dev/null',
  ]);
  const lines = stripVTControlCharacters(stdout)
    .split(/\r?\n/)
    .map((line) => line.trimEnd());
  return { exitCode, lines };
}

test('on a terminal a run is a live list with what each step gave, and ends with how it ended', async () => {
  const { exitCode, lines } = await onTerminal('done');
  expect(exitCode).toBe(0);
  expect(lines).toContainEqual(expect.stringMatching(/✔ Switch to green/));
  expect(lines).toContainEqual(expect.stringMatching(/✔ point at green — 34 µs/));
  expect(lines).toContainEqual(expect.stringMatching(/✔ watch — 0 of 20 failed/));
  expect(lines.filter((line) => line !== '').at(-1)).toBe('✔ green is live (1.4 s)');
});

test('a step that fails before its list is drawn is shown with its reason, and the process lives on', async () => {
  const { exitCode, lines } = await onTerminal('fail');
  expect(exitCode).toBe(0);
  expect(lines).toContainEqual(expect.stringMatching(/3 of 20 requests failed$/));
  expect(lines).toContainEqual(expect.stringMatching(/never begun — not run/));
  expect(lines).toContain('↩ undoing switch');
  expect(lines.join('')).not.toContain('GET /a');
  expect(lines.filter((line) => line !== '').at(-1)).toBe('✖ rolled back to blue (1.4 s)');
});

test('piped, or with --json, each event is one JSON line with its time and run', async () => {
  const events: readonly RunEvent[] = [
    { type: 'note', text: 'a\nb', data: { amountXof: 5 } },
    { type: 'run-done', exitCode: 0, durationMs: 1, summary: 'done', data: {} },
  ];
  for (const mode of [
    { json: true, isTerminal: true },
    { json: false, isTerminal: false },
  ]) {
    let written = '';
    const renderer = createRenderer({
      ...mode,
      outliveReader: () => {},
      write: (text) => {
        written += text;
      },
    });
    for (const event of events) renderer.show(event, { run: 'R', nowMs: 0 });
    await renderer.end();
    const at = '1970-01-01T00:00:00.000Z';
    expect(jsonLines(written)).toEqual(events.map((event) => ({ at, run: 'R', ...event })));
  }
});

test('a table pads its columns to the widest value and never ends a line with spaces', () => {
  const text = stripVTControlCharacters(
    table([
      { title: 'id', values: ['a', 'longer'] },
      { title: 'state', values: ['live', ''] },
    ]),
  );
  expect(text).toBe('id      state\na       live\nlonger\n');
});
