import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mainFault } from '../faults.ts'
import { banner, bannerJson, type Running } from './banner.ts'

function running(facts: Partial<Running>): Running {
  return { version: '1', dataFolder: '/srv/c', mounts: [], api: undefined, isJournal: false, ...facts }
}

const home = { filesystem: 'home', path: '/mnt/cairn' }

test('the banner says where data, mount and door are, and what to try', () => {
  const text = banner(running({ version: '1.2.3', dataFolder: '/srv/c', mounts: [{ mount: home }] }))
  assert.equal(
    text,
    `Cairn 1.2.3 is running.

  data   /srv/c
  mount  /mnt/cairn  (filesystem home)
  door   /srv/c/cairn.sock
  api    none this time

Try, in another terminal:
  cp -a ~/Documents /mnt/cairn/
  cairn put ~/Documents /
  cairn ls -l /
  cairn status

Ctrl-C or \`cairn down\` ends it cleanly.
`,
  )
})

test('a mount that failed is told with its cause and remedy, and what works without it', () => {
  const fault = mainFault('Occupied', '/mnt/cairn is in the way', { hint: 'Choose another.' })
  const other = { filesystem: 'photos', path: '/mnt/photos' }
  const mounts = [{ mount: home, fault }, { mount: other }]
  const text = banner(running({ version: '1', dataFolder: '/srv/c', mounts }))
  assert.match(
    text,
    /\n {2}mount {2}home is not mounted: \/mnt\/cairn is in the way\n {9}Choose another\.\n {9}.* up --mount FOLDER\n/,
  )
  assert.match(text, /\n {2}mount {2}\/mnt\/photos {2}\(filesystem photos\)\n/)
  assert.match(text, /`cairn put`, `get`, `ls` and `rm` work without a mount/)
  assert.doesNotMatch(text, /cp -a/)
})

test('a second mount of a filesystem that is refused is told with its place, and without another choice', () => {
  const fault = mainFault('Occupied', 'home is mounted at /mnt/cairn already', { hint: 'Unmount it.' })
  const mounts = [{ mount: home }, { mount: { ...home, path: '/b' }, fault }]
  const text = banner(running({ version: '1', dataFolder: '/srv/c', mounts }))
  assert.match(
    text,
    /\n {2}mount {2}home is not mounted at \/b: home is mounted at \/mnt\/cairn already\n {9}Unmount it\.\n/,
  )
  assert.doesNotMatch(text, /FOLDER|without a mount/)
})

test('programs get the same in JSON', () => {
  const fault = mainFault('Occupied', 'in the way')
  const json = JSON.parse(bannerJson(running({ version: '1', dataFolder: '/d', mounts: [{ mount: home, fault }] })))
  const mounts = [{ ...home, error: 'in the way' }]
  assert.deepEqual(json, { version: '1', dataFolder: '/d', door: '/d/cairn.sock', mounts })
})

test('a start without mounts says so', () => {
  assert.match(banner(running({ version: '1', dataFolder: '/d', mounts: [] })), /\n {2}mount {2}none this time\n/)
})

test('the address of the API and the words of a new master key are told, and not in a journal', () => {
  const recoveryPhrase = Array.from({ length: 24 }, (_, index) => `word${index}`).join(' ')
  const api = { url: 'https://127.0.0.1:6443', recoveryPhrase }
  const text = banner(running({ api }))
  assert.match(text, /\n {2}api {4}https:\/\/127\.0\.0\.1:6443 {2}\(kubeconfig \/srv\/c\/kubeconfig\)\n/)
  assert.match(text, /\n {3}1 word0 .* 6 word5\n/)
  assert.match(text, /\n {2}19 word18 .* 24 word23\n/)
  assert.match(text, /KUBECONFIG=\/srv\/c\/kubeconfig kubectl/)
  assert.doesNotMatch(banner(running({ api: { url: api.url } })), /words/)
  const logged = banner(running({ api, isJournal: true }))
  assert.doesNotMatch(logged, /word0/)
  assert.match(logged, /`cairn key phrase`/)
  assert.match(bannerJson(running({ api })), /"recoveryPhrase": "word0 word1/)
})

test('an API that does not answer yet is told with its cause', () => {
  const fault = mainFault('ControlProcess', 'it ended early', { hint: 'Wait.' })
  assert.match(banner(running({ api: { fault } })), /\n {2}api {4}does not answer yet: it ended early\n {9}Wait\.\n/)
})
