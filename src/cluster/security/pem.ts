/** PEM: certificates and keys as text. */

/** What was found in a store of keys and certificates. */
export interface KeyStore {
  /** Certificates that are trusted, PEM. */
  readonly trusted: readonly string[]
  /** PEM; undefined where there is no key in it. */
  readonly key:
    | { readonly key: string; readonly chain: readonly string[]; readonly passphrase?: string }
    | undefined
}

/** `-----BEGIN CERTIFICATE-----` and so on. */
export function pemOf(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** Every block of this label, also where all of it stands on one line, as properties files have it. */
export function pemBlocks(text: string, label: RegExp): string[] {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/g)
  return [...blocks]
    .filter(([, name]) => label.test(name))
    .map(([whole, name, body]) =>
      /:/.test(body) ? whole : `-----BEGIN ${name}-----\n${wrapped(body)}\n-----END ${name}-----\n`,
    )
}

function wrapped(base64: string): string {
  return (base64.replace(/\s+/g, '').match(/.{1,64}/g) ?? []).join('\n')
}
