import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { openProtobuf, protobufToJson } from './protobuf.ts'
import { kubernetesShape } from './shapes/read.ts'

/** A field of bytes, by number. */
function bytes(number: number, ...parts: readonly Uint8Array[]): Buffer {
  const value = Buffer.concat(parts)
  assert.ok(number < 16 && value.length < 128, 'one byte each is enough here')
  return Buffer.concat([Buffer.from([(number << 3) | 2, value.length]), value])
}

const text = (number: number, value: string) => bytes(number, Buffer.from(value))
const varint = (number: number, value: number) => Buffer.from([number << 3, value])

test('a ConfigMap as kubectl sends it', () => {
  const metadata = bytes(
    1,
    text(1, 'a'),
    text(2, ''),
    text(3, 'default'),
    bytes(8),
    bytes(11, text(1, 'app'), text(2, 'x')),
  )
  const message = Buffer.concat([metadata, bytes(2, text(1, 'k'), text(2, 'v')), bytes(2, text(1, 'l'), text(2, 'w'))])
  const body = Buffer.concat([
    Buffer.from('k8s\0'),
    bytes(1, text(1, 'v1'), text(2, 'ConfigMap')),
    bytes(2, message),
    text(3, ''),
    text(4, ''),
  ])
  const opened = openProtobuf(body)
  assert.deepEqual([opened.apiVersion, opened.kind], ['v1', 'ConfigMap'])
  assert.deepEqual(protobufToJson(kubernetesShape('V1ConfigMap'), opened.message), {
    metadata: { name: 'a', namespace: 'default', labels: { app: 'x' } },
    data: { k: 'v', l: 'w' },
  })
})

test('messages that JSON has in line, zeros that mean something, quantities and ports', () => {
  const volume = bytes(1, text(1, 'tmp'), bytes(2, bytes(2)))
  const http = bytes(
    11,
    bytes(1, bytes(2, text(1, '/'), bytes(2, varint(1, 0), varint(2, 80), text(3, '')))),
    varint(2, 0),
  )
  const limits = bytes(8, bytes(1, text(1, 'cpu'), bytes(2, text(1, '500m'))))
  const container = bytes(2, text(1, 'c'), text(2, 'nginx'), http, limits)
  const spec = Buffer.concat([volume, container, varint(4, 0)])
  assert.deepEqual(protobufToJson(kubernetesShape('V1PodSpec'), spec), {
    volumes: [{ name: 'tmp', emptyDir: {} }],
    containers: [
      {
        name: 'c',
        image: 'nginx',
        readinessProbe: { httpGet: { path: '/', port: 80 } },
        resources: { limits: { cpu: '500m' } },
      },
    ],
    terminationGracePeriodSeconds: 0,
  })
})

test('times are told to the second, finer ones to the microsecond', () => {
  const time = [varint(1, 100), Buffer.from([2 << 3, 0x80, 0x89, 0x7a])] as const
  const lease = bytes(2, bytes(3, ...time), bytes(4, ...time))
  const { spec } = protobufToJson(kubernetesShape('V1Lease'), lease)
  assert.deepEqual(spec, { acquireTime: '1970-01-01T00:01:40.002000Z', renewTime: '1970-01-01T00:01:40.002000Z' })
})

for (const [what, body] of [
  ['nothing', Buffer.alloc(0)],
  ['no magic', Buffer.from('{}')],
  ['a length beyond the end', Buffer.from('k8s\0\x0a\x7f')],
  ['a number without an end', Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(20, 0xff)])],
  ['a group, which nobody sends', Buffer.from('k8s\0\x0b')],
] as const) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => openProtobuf(body),
      error => isFault(error, 'BadRequest'),
    )
  })
}
