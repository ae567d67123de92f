import { expect, test } from 'vitest';
import { lineAt, TEXTS, written } from './written-journal.ts';

/** Every place of a small journal in turn: seconds each, so apart from the examples of verify.test.ts. */

test('any bit flipped at any position is found, and its line named', async () => {
  const { bytes, verdictOf } = written(['a\ufffdb', 'last']);
  for (let offset = 0; offset < bytes.length; offset += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(bytes.readUInt8(offset) ^ (1 << bit), offset);
      const verdict = await verdictOf(changed);
      expect([offset, bit, verdict]).toEqual([
        offset,
        bit,
        { kind: 'broken', line: lineAt(bytes, offset), why: expect.any(String) },
      ]);
    }
  }
}, 180_000);

test('a byte removed or added at any position is found, and its line named', async () => {
  const { bytes, verdictOf } = written(['a', 'last']);
  for (let offset = 0; offset < bytes.length; offset += 1) {
    const line = lineAt(bytes, offset);
    const before = bytes.subarray(0, offset);
    expect([offset, await verdictOf(Buffer.concat([before, bytes.subarray(offset + 1)]))]).toMatchObject([
      offset,
      { kind: 'broken', line },
    ]);
    for (const added of ['x', '\n', '\r', ' ']) {
      const verdict = await verdictOf(Buffer.concat([before, Buffer.from(added), bytes.subarray(offset)]));
      // A second newline after a whole line makes an empty line below it.
      const isEmptyLine = added === '\n' && bytes.readUInt8(offset) === 0x0a;
      const named = isEmptyLine ? line + 1 : line;
      expect([offset, added, verdict]).toMatchObject([offset, added, { kind: 'broken', line: named }]);
    }
  }
}, 180_000);

test('a cut tail is found at every length, and the first missing line named', async () => {
  const { bytes, verdictOf } = written();
  for (let lengthBytes = 0; lengthBytes < bytes.length; lengthBytes += 1) {
    const verdict = await verdictOf(bytes.subarray(0, lengthBytes));
    // Without its newline alone a line is not missing: the next one is, if there is one.
    const line = Math.min(TEXTS.length, lineAt(bytes, lengthBytes + 1));
    expect([lengthBytes, verdict]).toMatchObject([lengthBytes, { kind: 'broken', line }]);
  }
});
