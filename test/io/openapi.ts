/** The API's description, of an entry that is not like the others. */
import t from 'tap'
import { endpoint } from '../../src/io/endpoint.ts'
import { describeApi } from '../../src/io/openapi.ts'
import { json, jsonReply } from '../../src/io/reply.ts'

t.test('an answer that there may be none of is described so', t => {
  const entry = endpoint({
    method: 'GET',
    path: '/x',
    about: '',
    parameters: {},
    answers: { [json]: 'Thing | null' },
    answer: () => jsonReply(null)
  })
  const { paths } = JSON.parse(describeApi('1', [entry], '{"Thing":{}}'))
  t.strictSame(paths['/x'].get.responses['200'].content[json].schema, { anyOf: [{ $ref: '#/components/schemas/Thing' }, { type: 'null' }] })
  t.end()
})
