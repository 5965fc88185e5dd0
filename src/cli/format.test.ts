import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, formatDuration, formatMode, formatTime, parseBytes, plural } from './format.ts'

test('bytes get the largest unit that keeps at most four digits', () => {
  const shown = [0, 1023, 1024, 1536, 1024 ** 2 - 1, 1024 ** 2, 5 * 1024 ** 4, Number.MAX_SAFE_INTEGER, 2 ** 64]
  assert.deepEqual(shown.map(formatBytes), [
    '0 B',
    '1023 B',
    '1.0 KiB',
    '1.5 KiB',
    '1.0 MiB',
    '1.0 MiB',
    '5.0 TiB',
    '8.0 PiB',
    '16.0 EiB',
  ])
})

test('a span of time is told in its two largest units', () => {
  const shown = [0, 499, 59_499, 60_000, 3_661_000, 7_200_000, 90_061_000, -5].map(formatDuration)
  assert.deepEqual(shown, ['0 s', '0 s', '59 s', '1 min', '1 h 1 min', '2 h', '1 d 1 h', '0 s'])
})

test('a time is told in UTC, from the first to the last one 64 bits can hold', () => {
  assert.equal(formatTime(0n), '1970-01-01 00:00')
  assert.equal(formatTime(-1_000_000n), '1969-12-31 23:59')
  assert.equal(formatTime(-(2n ** 63n)), '1677-09-21 00:12')
  assert.equal(formatTime(2n ** 63n - 1n), '2262-04-11 23:47')
})

test('modes are shown as ls shows them', () => {
  assert.equal(formatMode('directory', 0o755), 'drwxr-xr-x')
  assert.equal(formatMode('file', 0o6755), '-rwsr-sr-x')
  assert.equal(formatMode('file', 0o6644), '-rwSr-Sr--')
  assert.equal(formatMode('directory', 0o1777), 'drwxrwxrwt')
  assert.equal(formatMode('directory', 0o1776), 'drwxrwxrwT')
  assert.equal(formatMode('symlink', 0o777), 'lrwxrwxrwx')
  assert.equal(formatMode('of a newer version', 0), '?---------')
})

test('one is singular, all else plural', () => {
  assert.deepEqual([plural(0, 'file'), plural(1, 'file'), plural(2, 'file')], ['0 files', '1 file', '2 files'])
})

test('sizes are read as people write them', () => {
  const words = ['0', '4096', '4k', '1.5 GiB', '500M', '2TB', 'M', '-1', '1 2', '1e3', '99999999P']
  assert.deepEqual(words.map(parseBytes), [
    0,
    4096,
    4096,
    1.5 * 2 ** 30,
    500 * 2 ** 20,
    2 * 2 ** 40,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
