import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printable, shortened, table } from './table.ts'

test('columns are as wide as their widest cell, numbers stand right, lines have no trailing spaces', () => {
  const columns = [{ title: 'NAME' }, { title: 'SIZE', align: 'right' }, { title: 'WHERE' }] as const
  const rows = [
    ['a', '1 B', ''],
    ['longer', '10 GiB', '/mnt'],
  ]
  assert.equal(table(columns, rows), 'NAME      SIZE  WHERE\na          1 B\nlonger  10 GiB  /mnt\n')
})

test('an umlaut and an emoji take one cell each, and a missing cell is empty', () => {
  assert.equal(table([{ title: 'N' }, { title: 'X' }], [['ü', '1'], ['🙂', '2'], ['ab']]), 'N   X\nü   1\n🙂   2\nab\n')
})

test('control characters of a name cannot reach the terminal', () => {
  assert.equal(printable('a\u001b[31mb\nc\u007f\u009bd'), 'a?[31mb?c??d')
  assert.equal(table([{ title: 'N' }], [['a\nb']]), 'N\na?b\n')
})

test('of the path of something very deep only the beginning and the end are shown', () => {
  const deep = `/first${'/d'.repeat(2_000)}/last`
  const shown = shortened(`${deep} is not there`)
  assert.match(shown, /^\/first[/d]+\[\.\.\.\][/d]+\/last is not there$/)
  assert.ok(shown.length < 200, shown)
  const short = `/a/${'x'.repeat(150)} is not there`
  assert.equal(shortened(short), short)
})
