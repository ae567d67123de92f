import { expect, test } from 'vitest';
import { planSchedule } from '../../src/schedule/plan.ts';

const MARK = '# ours';
const file = (name: string, text = 'text', mark = MARK) => ({ name, content: `${mark}\n${text}\n` });

test('what is as it should be is left; what differs is written, what is ours and not wanted goes', () => {
  const wanted = [file('ompay-a-x.timer'), file('ompay-a-y.timer', 'new')];
  const present = [file('ompay-a-x.timer'), file('ompay-a-y.timer', 'old'), file('ompay-a-z.timer')];
  expect(planSchedule(wanted, present, MARK)).toEqual({
    changes: [
      { change: 'remove', name: 'ompay-a-z.timer' },
      { change: 'write', ...file('ompay-a-y.timer', 'new') },
    ],
    foreign: [],
  });
  expect(planSchedule(wanted, wanted, MARK)).toEqual({ changes: [], foreign: [] });
});

test('a file of another installation is never written over nor removed', () => {
  const theirs = file('ompay-a-x.timer', 'text', '# theirs');
  expect(planSchedule([file('ompay-a-x.timer')], [theirs], MARK).foreign).toEqual(['ompay-a-x.timer']);
  expect(planSchedule([], [theirs], MARK)).toEqual({ changes: [], foreign: [] });
  // `staging` begins as `staging-eu` does.
  const longer = file('ompay-a-b-x.timer', 'text', '# ours-b');
  expect(planSchedule([], [longer], MARK).changes).toEqual([]);
});
