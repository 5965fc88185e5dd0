import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Authority } from '#identity'

/** Files in PEM: an authority, and a certificate of it for etcd and its clients, with its key. */
export interface CertificateFiles {
  readonly authority: string
  readonly certificate: string
  readonly key: string
}

/** Makes an authority and what etcd and a client of it need. */
export async function makeCertificates(
  folder: string,
  { endsInMs = 3_600_000 }: { readonly endsInMs?: number } = {},
): Promise<{ readonly etcd: CertificateFiles; readonly client: CertificateFiles }> {
  const now = new Date()
  const authority = await Authority.open(await Authority.make('etcd', randomBytes(16), now))
  const files = async (usage: 'server' | 'client'): Promise<CertificateFiles> => {
    const { certificatePem, keyPem } = await authority.issue({
      commonName: usage,
      organizations: [],
      usage,
      dnsNames: [],
      addresses: usage === 'server' ? ['127.0.0.1'] : [],
      notBefore: new Date(now.getTime() - 60_000),
      notAfter: new Date(now.getTime() + endsInMs),
      serial: randomBytes(16),
    })
    const write = (name: string, text: string): string => {
      const file = join(folder, `${usage}-${name}.pem`)
      writeFileSync(file, text, { mode: 0o600 })
      return file
    }
    return {
      authority: write('authority', authority.certificatePem),
      certificate: write('certificate', certificatePem),
      key: write('key', keyPem),
    }
  }
  return { etcd: await files('server'), client: await files('client') }
}
