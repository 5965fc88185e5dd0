import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesystemTable } from './status.ts'

const row = {
  name: 'home',
  id: 'a',
  bytesUsed: 5,
  inodesUsed: 2,
  freeBytes: 100,
  metadataBytes: 0,
  snapshots: 0,
  home: 'm1',
  inSync: ['m1', 'm2'],
}

test('where a filesystem lives is said, and that its home is silent', () => {
  const line = (more: { readonly isSilent?: boolean }) =>
    filesystemTable([{ ...row, ...more } as never], [])
      .split('\n')
      .at(-2)
  assert.equal(line({}), 'home lives on m1; m2 has all that was acknowledged of it')
  assert.equal(
    line({ isSilent: true }),
    'home lives on m1, which is silent: it can be read, not changed; m2 has all that was acknowledged of it',
  )
})
