/** The API's entries for who may do what: what holds for whoever asks, and the owner's password. */
import type { AccessAnswer, PasswordPut } from '../api.ts'
import { limits } from '../limits.ts'
import { anyone, owner } from '../mqtt/rights.ts'
import { type Endpoint, endpoint, readJson } from './endpoint.ts'
import type { Parts } from './parts.ts'
import { hashPassword, storeHash } from './password.ts'
import { json, jsonReply, Refusal } from './reply.ts'

/** Makes the entries. */
export function accessEndpoints(parts: Parts): readonly Endpoint[] {
  const { doorkeeper, clients, state } = parts
  return [
    endpoint({
      method: 'GET',
      path: '/api/access',
      about: 'Who asks, as its Authorization says, and what that one may do here.',
      need: 'always',
      parameters: {},
      answers: { [json]: 'AccessAnswer' },
      answer({ who }) {
        const { user } = who
        const rights = doorkeeper.rightsOf(user, '')
        const answer: AccessAnswer = {
          access: doorkeeper.mode,
          password: parts.password().kind,
          user: user === owner ? 'owner' : user === anyone ? null : user,
          may: {
            see: doorkeeper.mode !== 'login' || user !== anyone,
            change: doorkeeper.mayChange(who),
            publish: rights === undefined || rights.mayWriteSome
          }
        }
        return jsonReply(answer, { headers: { 'Cache-Control': 'no-store' } })
      }
    }),
    endpoint({
      method: 'PUT',
      path: '/api/password',
      about: "Sets the owner's password: the first one, or with the one that holds another. It counts at once.",
      need: 'claim',
      parameters: {},
      content: { type: json, schema: 'PasswordPut', bytesMax: limits.bodyBytesMax, withinMs: limits.requestMs },
      answers: {},
      async answer({ body, who }) {
        const hash = await hashNew(passwordOf(await readJson(body)))
        if (who.user !== owner && parts.password().kind !== 'none') throw new Refusal(409, 'somebody else has just set a password')
        storeHash(state, hash)
        clients.broker.review()
        return { status: 204, type: json, headers: { 'Cache-Control': 'no-store' }, body: '' }
      }
    })
  ]
}

/** @throws Refusal */
function passwordOf(said: unknown): string {
  const { password } = (typeof said === 'object' && said !== null ? said : {}) as Partial<Record<keyof PasswordPut, unknown>>
  if (typeof password === 'string') return password
  throw new Refusal(400, 'password: missing; allowed: a text', 'password')
}

/** @throws Refusal */
async function hashNew(password: string): Promise<string> {
  const bytes = Buffer.byteLength(password)
  if (bytes === 0 || bytes > limits.passwordBytesMax)
    throw new Refusal(400, `password: allowed: 1 to ${limits.passwordBytesMax} bytes`, 'password')
  return hashPassword(password)
}
