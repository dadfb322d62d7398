import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ScramClient } from '../../../../src/cluster/security/scram-client.ts'

const NONCE = 'rOprNGfwEbeRWgbNEkqO'
const client = () => new ScramClient('SCRAM-SHA-256', 'user', 'pencil', false, NONCE)
/** The example of RFC 7677, section 3. */
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

describe('SCRAM', () => {
  test('says what the example of RFC 7677 says', () => {
    const scram = client()
    expect(scram.first().toString()).toBe(`n,,n=user,r=${NONCE}`)
    expect(scram.final(Buffer.from(SERVER_FIRST)).toString()).toBe(
      `c=biws,r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`,
    )
    scram.verify(Buffer.from(SERVER_FINAL))
  })

  test('a name may hold signs that have a meaning; a token says that it is one', () => {
    expect(new ScramClient('SCRAM-SHA-512', 'a=b,c', 'x', true, 'N').first().toString()).toBe(
      'n,,n=a=3Db=2Cc,r=N,tokenauth=true',
    )
  })

  test.each([
    ['another nonce', SERVER_FIRST.replace(NONCE, 'xxxx'), 'the server answers another client'],
    [
      'no nonce of its own',
      `r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`,
      'the server answers another client',
    ],
    ['few iterations', SERVER_FIRST.replace('4096', '1'), '1 iterations are not within what is safe'],
    ['endless iterations', SERVER_FIRST.replace('4096', '4000000000'), 'are not within what is safe'],
    ['an error', 'e=unknown-user', 'unknown-user'],
  ])('%s from the server is refused', (_name, first, why) => {
    expect(() => client().final(Buffer.from(first))).toThrow(why)
  })

  test('a server that does not know the password is not believed', () => {
    const scram = client()
    scram.final(Buffer.from(SERVER_FIRST))
    const salted = pbkdf2Sync('wrong', 'salt', 4096, 32, 'sha256')
    const forged = createHmac('sha256', createHash('sha256').update(salted).digest())
      .update('x')
      .digest('base64')
    expect(() => scram.verify(Buffer.from(`v=${forged}`))).toThrow(
      'the server does not know the password either',
    )
    expect(() => scram.verify(Buffer.from('e=invalid-proof'))).toThrow('invalid-proof')
  })
})
