import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteStringOfText, isFault } from '#base'
import { cloudPlace, lastName, placeBelow, showPlace } from './cloud-path.ts'

test('a path without a name is in home, NAME:/path elsewhere', () => {
  assert.deepEqual(cloudPlace('/a/b'), { filesystem: 'home', path: '/a/b' })
  assert.deepEqual(cloudPlace('photos-2024:/a:b'), { filesystem: 'photos-2024', path: '/a:b' })
  assert.deepEqual(cloudPlace('/a\nb'), { filesystem: 'home', path: '/a\nb' })
  assert.deepEqual(cloudPlace('/ü'), { filesystem: 'home', path: byteStringOfText('/ü') })
})

test('what is no path in Cairn is refused with what to write instead', () => {
  for (const word of ['', 'a', 'a/b', './a', 'photos:', 'photos:a', 'Photos:/a', ':/a', '~/a']) {
    assert.throws(
      () => cloudPlace(word),
      error => isFault(error, 'Usage') && error.message.includes(JSON.stringify(word)) && error.hint !== undefined,
    )
  }
})

test('a word that was no text is refused: it would name another file', () => {
  assert.throws(() => cloudPlace('/a\uFFFDb'), /not valid UTF-8/)
})

test('a place is shown as it is written', () => {
  for (const word of ['/', '/a/b', 'photos:/', 'photos:/ü']) assert.equal(showPlace(cloudPlace(word)), word)
})

test('a name below a place has one slash before it', () => {
  assert.equal(placeBelow(cloudPlace('/'), 'a').path, '/a')
  assert.equal(placeBelow(cloudPlace('/x'), 'a').path, '/x/a')
  assert.equal(placeBelow(cloudPlace('/x/'), 'a').path, '/x/a')
})

test('the last name ignores slashes at the end, and the root has none', () => {
  assert.deepEqual(['/a/b', '/a/b//', '/', ''].map(lastName), ['b', 'b', '', ''])
})
