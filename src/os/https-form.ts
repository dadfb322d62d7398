/** A form sent to an address, as a port: what fetching a token needs of the web. */
import { TerseError } from '../errors.ts'

export type PostForm = (
  url: string,
  headers: Readonly<Record<string, string>>,
  form: Readonly<Record<string, string>>,
) => Promise<{ readonly status: number; readonly body: string }>

const TIMEOUT_MS = 10_000
const MAX_BODY = 1024 * 1024

/** `ca`: certificates to trust beside those that Node brings. @throws TerseError that names the address */
export function httpsForm(ca?: readonly string[] | undefined): PostForm {
  return (url, headers, form) =>
    new Promise((resolve, reject) => {
      const address = URL.canParse(url) ? new URL(url) : undefined
      if (address?.protocol !== 'https:' && address?.protocol !== 'http:') {
        reject(new TerseError(`${url} is no address of the web (https://...)`))
        return
      }
      const failed = (error: Error) => reject(new TerseError(`${url} cannot be asked: ${error.message}`))
      const { request } = process.getBuiltinModule(address.protocol === 'https:' ? 'node:https' : 'node:http')
      const body = new URLSearchParams(form).toString()
      const asked = request(address, {
        method: 'POST',
        headers: {
          ...headers,
          accept: 'application/json',
          'content-type': 'application/x-www-form-urlencoded',
        },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(ca === undefined ? {} : { ca: [...ca] }),
      })
      asked.on('error', failed)
      asked.on('response', (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          if (text.length > MAX_BODY) asked.destroy(new Error('the answer is too long'))
        })
        response.on('error', failed)
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      })
      asked.end(body)
    })
}
