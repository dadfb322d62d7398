import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { parseJaas } from '../../../../src/cluster/security/jaas-config.ts'
import { type TokenOs, tokenSource } from '../../../../src/cluster/security/oauth-token.ts'
import { httpsForm } from '../../../../src/os/https-form.ts'

const URL_SETTING = 'sasl.oauthbearer.token.endpoint.url'
const os = (given: Partial<TokenOs>): TokenOs => ({
  readFile: () => Buffer.alloc(0),
  postForm: httpsForm(),
  now: () => 1_700_000_000_000,
  ...given,
})
const jaas = (options: string) => parseJaas(`OAuthBearerLoginModule required ${options};`)

describe('a token for OAUTHBEARER', () => {
  test('is read from a file, anew each time', async () => {
    const files = [' one.two.three\n', 'four.five.six']
    const source = tokenSource(
      os({ readFile: (path) => Buffer.from(path === '/a token' ? (files.shift() ?? '') : '') }),
      { [URL_SETTING]: 'file:///a%20token' },
      undefined,
    )
    expect([await source(), await source()]).toEqual(['one.two.three', 'four.five.six'])
    await expect(source()).rejects.toThrow('/a token: this is no token')
  })

  test('is asked for with id, secret and scope; what the endpoint refuses is told without the secret', async () => {
    const seen: string[] = []
    const server = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        seen.push(`${request.headers.authorization} ${body}`)
        response.statusCode = seen.length === 1 ? 200 : 401
        const refusal = { error: 'invalid_client', error_description: 'who are you' }
        response.end(JSON.stringify(seen.length === 1 ? { access_token: 'a.b.c' } : refusal))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
    const login = jaas('clientId="me" clientSecret="s3cret" scope="all of it"')
    const source = tokenSource(os({}), { [URL_SETTING]: url }, login)
    expect(await source()).toBe('a.b.c')
    const basic = Buffer.from('me:s3cret').toString('base64')
    expect(seen).toEqual([`Basic ${basic} grant_type=client_credentials&scope=all+of+it`])
    await expect(source()).rejects.toThrow(`${url} gave no token: HTTP 401, who are you`)
    server.close()
    await expect(source()).rejects.toThrow(/cannot be asked/)
  })

  test('that nobody signed says who it is, for an hour', async () => {
    const source = tokenSource(os({}), {}, jaas('unsecuredLoginStringClaim_sub="anna"'))
    const [header, claims, signature] = (await source()).split('.')
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    expect([decode(header), decode(claims), signature]).toEqual([
      { alg: 'none' },
      { sub: 'anna', iat: 1_700_000_000, exp: 1_700_003_600 },
      '',
    ])
  })

  test.each([
    [{}, undefined, /^sasl\.mechanism=OAUTHBEARER needs sasl\.oauthbearer\.token\.endpoint\.url/],
    [{ [URL_SETTING]: 'https://x.example' }, undefined, /must name clientId and clientSecret$/],
  ])('without what it needs names the setting', (config, login, told) => {
    expect(() => tokenSource(os({}), config, login)).toThrow(told)
  })
})
