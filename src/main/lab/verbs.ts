import type { CliHost } from '#cli'

/** Labs of this machine; what they need is loaded when one is used. */
export const labs: CliHost['labs'] = {
  up: async (words, tell, signal) => (await import('./labs.ts')).up(words, tell, signal),
  down: async (name, signal) => (await import('./labs.ts')).down(name, signal),
  list: async signal => (await import('./labs.ts')).list(signal),
  exec: async (place, words, signal) => (await import('./labs.ts')).exec(place, words, signal),
  act: async (place, deed, told) => (await import('./labs.ts')).act(place, deed, told),
  heal: async (name, signal) => (await import('./labs.ts')).heal(name, signal),
}

/** Simulated machines of the cloud that runs here. */
export const simulatedNodes: CliHost['simulatedNodes'] = {
  create: async (wanted, token, told) => (await import('./nodes.ts')).create(wanted, token, told),
  has: async name => (await import('./nodes.ts')).has(name),
  check: async name => (await import('./nodes.ts')).check(name),
  stop: async (name, told) => (await import('./nodes.ts')).stop(name, told),
  start: async (name, told) => (await import('./nodes.ts')).start(name, told),
  remove: async (name, told) => (await import('./nodes.ts')).remove(name, told),
}
