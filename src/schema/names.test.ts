import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dataKeyProblem, labelProblem, labelValueProblem, qualifiedNameProblem, subdomainProblem } from './names.ts'

test('what is wrong with a name is said in the words of Kubernetes', () => {
  assert.equal(
    subdomainProblem('A_b'),
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  )
  assert.equal(
    labelProblem('A'),
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  )
  assert.match(labelValueProblem('a b') ?? '', /^a valid label must be an empty string or consist of .*'12345', regex/)
  assert.match(qualifiedNameProblem('a b') ?? '', /^name part must consist of alphanumeric characters, /)
  assert.match(qualifiedNameProblem('A_/b') ?? '', /^prefix part a lowercase RFC 1123 subdomain must consist/)
  assert.equal(qualifiedNameProblem('/b'), 'prefix part must be non-empty')
  assert.equal(qualifiedNameProblem('a/'), 'name part must be non-empty')
  assert.match(qualifiedNameProblem('a/b/c') ?? '', /and '\/' \(e\.g\. 'example\.com\/MyName'\)$/)
  assert.equal(dataKeyProblem('..a'), "must not start with '..'")
  assert.equal(qualifiedNameProblem('example.com/My.name_1'), undefined)
})
