import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolderWhole, writeFileAtomic, writeNewFile } from '../../src/core/files.ts';
import { temporaryFolder } from '../fixtures/folder.ts';
import { startProgram } from '../fixtures/program.ts';

test('a written file has its bytes and its mode, and nothing else is left', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'api.env');
  writeFileAtomic(path, 'APP_KEY=é\n', 0o600);
  writeFileAtomic(join(folder, 'bytes'), new Uint8Array([0, 255, 10]), 0o640);
  expect(readFileSync(path, 'utf8')).toBe('APP_KEY=é\n');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect([...readFileSync(join(folder, 'bytes'))]).toEqual([0, 255, 10]);
  expect(readdirSync(folder).sort()).toEqual(['api.env', 'bytes']);
});

test('a new file is never put over one that is there', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'ompay.yml');
  writeNewFile(path, 'first', 0o600);
  expect(() => writeNewFile(path, 'second', 0o644)).toThrow('EEXIST');
  expect([readFileSync(path, 'utf8'), statSync(path).mode & 0o777]).toEqual(['first', 0o600]);
  expect(readdirSync(folder)).toEqual(['ompay.yml']);
});

test('replacing a file leaves the new one, with the mode that was asked for', () => {
  const path = join(temporaryFolder(), 'lock');
  writeFileSync(path, 'old and longer', { mode: 0o644 });
  writeFileAtomic(path, 'new', 0o600);
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a write that fails leaves the old file and no temporary one', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'busy');
  mkdirSync(join(path, 'inner'), { recursive: true });
  expect(() => writeFileAtomic(path, 'x', 0o600)).toThrowError(expect.objectContaining({ code: 'EISDIR' }));
  expect(() => writeFileAtomic(join(folder, 'none', 'x'), 'x', 0o600)).toThrowError(
    expect.objectContaining({ code: 'ENOENT' }),
  );
  expect(readdirSync(folder)).toEqual(['busy']);
});

test('a reader never sees a part, and killing the writer leaves a whole file', async () => {
  const path = join(temporaryFolder(), 'state.json');
  const writer = startProgram('./file-writer.ts', [path]);
  await writer.line();
  const seen = new Set<string>();
  for (let reads = 0; reads < 2000 && seen.size < 3; reads += 1) {
    const text = readFileSync(path, 'utf8');
    expect(text).toMatch(/^(a{200000}|b{200000})$/);
    seen.add(text.charAt(0));
    await new Promise(setImmediate);
  }
  writer.process.kill('SIGKILL');
  await writer.ended;
  expect(readFileSync(path, 'utf8')).toMatch(/^(a{200000}|b{200000})$/);
});

test('a folder is there whole or not at all, and another process that was first is left its own', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'platform', 'aaaa');
  makeFolderWhole(path, (unfinished) => writeFileSync(join(unfinished, 'a'), 'first'));
  makeFolderWhole(path, (unfinished) => writeFileSync(join(unfinished, 'a'), 'second'));
  expect(readFileSync(join(path, 'a'), 'utf8')).toBe('first');
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const failing = (): void =>
    makeFolderWhole(join(folder, 'platform', 'bbbb'), () => {
      throw new TypeError('not filled');
    });
  expect(failing).toThrowError('not filled');
  expect(readdirSync(join(folder, 'platform'))).toEqual(['aaaa']);
});
