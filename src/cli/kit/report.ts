import type { Invocation } from '../command.ts';

/**
 * For `runOperation`: leaves the record and the page of a run that has just ended, and says where. A report that cannot
 * be written is a warning on stderr: what was done is done.
 */
export function reportAfterwards({ layout, clock, output }: Invocation): (run: string) => Promise<void> {
  return async (run) => {
    const { reportPaths, writeReport } = await import('../../report/write.ts');
    const warning = await writeReport({ layout, clock, run, language: 'fr' });
    if (warning !== null) process.stderr.write(`warning: ${warning}\n`);
    else if (output.isTerminal && !output.json)
      output.write(`report: ${reportPaths(layout, run, 'fr').html}\n`);
  };
}
