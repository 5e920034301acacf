/** The API's description, of an entry that is not like the others. */
import t from 'tap'
import { endpoint } from '../../src/io/endpoint.ts'
import { describeApi } from '../../src/io/openapi.ts'
import { json, jsonReply, type Reply } from '../../src/io/reply.ts'

t.test('what answers nothing is described so', t => {
  const answer = (): Reply => ({ status: 204, type: json, body: '' })
  const entry = endpoint({ method: 'PUT', path: '/x', about: '', parameters: {}, answers: {}, answer })
  const { paths } = JSON.parse(describeApi('1', [entry], '{}'))
  t.strictSame(Object.keys(paths['/x'].put.responses), ['204', '4XX', '5XX'])
  t.end()
})

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
