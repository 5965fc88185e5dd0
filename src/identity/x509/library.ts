import type * as X509 from '@peculiar/x509'

/** The library that reads and writes certificates, loaded when one is made: that takes a tenth of a second and 7 MiB. */
export async function x509(): Promise<typeof X509> {
  // Before the library: it looks for what this adds to the language as it is loaded.
  await import('reflect-metadata')
  return import('@peculiar/x509')
}
