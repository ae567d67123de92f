import type { PreviousRelease } from '../../../src/check/sources.ts';
import type { KindCases } from '../sources.ts';

const WELL: PreviousRelease = { id: 'old', version: '1.2.2', commit: 'abc', damaged: [], wasWell: true };

function seen(parts: Partial<PreviousRelease> = {}) {
  return { previousRelease: async () => ({ ...WELL, ...parts }) };
}

export const cases: KindCases = {
  kind: 'release-kept',
  pass: [
    { title: 'kept', sources: seen(), says: 'old (1.2.2, commit abc) is kept, undamaged' },
    { title: 'built outside git', sources: seen({ commit: null }), says: 'old (1.2.2) is kept' },
  ],
  fail: [
    {
      title: 'damaged',
      sources: seen({ damaged: ['api.mjs'] }),
      says: 'was changed since it was built: api.mjs',
    },
  ],
  unknown: [
    { title: 'never well', sources: seen({ wasWell: false }), says: 'never watched to the end' },
    { title: 'a first release', sources: {}, says: 'no release was live before' },
  ],
};
