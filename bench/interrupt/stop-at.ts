/**
 * Preloaded by the bench into the command under test (node --import). It sends signals to its own process at exact
 * appends of the journal, as OMPAY_BENCH_STOPS says: `41:before:SIGKILL,44:after:SIGINT`. `before`: nothing of line 41 is
 * written; `torn`: half of it; `after`: it is whole and synced, the head beside it not yet. More in stops.ts. SIGINT goes to the whole
 * process group, as a terminal's Ctrl-C does.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { parseStops } from './stops.ts';

const stops = parseStops(process.env.OMPAY_BENCH_STOPS ?? '');
// What this process starts is not under test.
delete process.env.OMPAY_BENCH_STOPS;
delete process.env.NODE_OPTIONS;
let append = 0;
/** run-started, plan-started, step-started. */
const STEPS_BEFORE_LOCK = 3;

fs.writeSync = new Proxy(fs.writeSync, {
  apply: (write, self, args) => {
    const [descriptor, bytes] = args;
    if (!isJournal(descriptor)) return Reflect.apply(write, self, args);
    append += 1;
    stopAt('before');
    if (bytes instanceof Uint8Array && stops.some((stop) => stop.append === append && stop.when === 'torn')) {
      Reflect.apply(write, self, [descriptor, bytes.subarray(0, Math.ceil(bytes.length / 2))]);
      stopAt('torn');
    }
    return Reflect.apply(write, self, args);
  },
});
fs.fdatasyncSync = new Proxy(fs.fdatasyncSync, {
  apply: (sync, self, args) => {
    Reflect.apply(sync, self, args);
    if (!isJournal(args[0])) return;
    stopAt('after');
    const at = append;
    if (stops.some((stop) => stop.when === 'during')) setImmediate(() => stopAt('during', at));
  },
});
let isLocking = false;
fs.mkdirSync = new Proxy(fs.mkdirSync, {
  apply: (make, self, args) => {
    // The lock's folder is made sure of right before the lock is asked for; preflight does so later again.
    if (!isLocking && append === STEPS_BEFORE_LOCK && String(args[0]).endsWith('/.ompay')) {
      isLocking = true;
      stopAt('locking');
    }
    return Reflect.apply(make, self, args);
  },
});
syncBuiltinESMExports();

function stopAt(when: string, at = append): void {
  for (const stop of stops) {
    if (stop.when !== when || (stop.append !== at && when !== 'locking')) continue;
    process.kill(stop.signal === 'SIGINT' ? 0 : process.pid, stop.signal);
  }
}

function isJournal(descriptor: number): boolean {
  return fs.readlinkSync(`/proc/self/fd/${descriptor}`).endsWith('/journal/journal.jsonl');
}
