/** A definition with a schema as large as those that operators bring: some 2,000 places with defaults, patterns and rules. */
export function largeDefinition(name: string): string {
  const group = 'bench.example.com'
  const names = { plural: `${name}s`, singular: name, kind: name.charAt(0).toUpperCase() + name.slice(1) }
  const schema = {
    type: 'object',
    description: 'Measured.',
    properties: { spec: place(name, 3), status: place(name, 2) },
  }
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: {
      group,
      names,
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  })
}

const FIELDS = 12

function place(name: string, depth: number): object {
  const description = `The place of ${name} at which so many others lie: ${'it says what it is for. '.repeat(4)}`
  if (depth === 0) return { type: 'string', description, pattern: `^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`, default: 'a' }
  const properties = Object.fromEntries(
    Array.from({ length: FIELDS }, (_, index) => [`field${index}`, place(`${name}${index}`, depth - 1)]),
  )
  const rules = [{ rule: 'has(self.field0) && self.field1 == self.field1', message: 'it must be so' }]
  return { type: 'object', description, properties, ...(depth === 1 ? { 'x-kubernetes-validations': rules } : {}) }
}
