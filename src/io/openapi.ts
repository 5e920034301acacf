/** The API's description at `/api`, in OpenAPI 3.1: made of the table by which requests are answered, so that it says what is true. */
import { type Endpoint, needOf, restName } from './endpoint.ts'
import type { Parameter } from './parameters.ts'

const fault = { description: 'It was refused, and this is why.', content: { 'application/json': { schema: referenceTo('ApiFault') } } }

/**
 * Makes the description, in JSON.
 * @param schemas the types of src/api.ts by name, in JSON
 */
export function describeApi(version: string, endpoints: readonly Endpoint[], schemas: string): string {
  const info = {
    title: 'wattslug',
    version,
    description:
      "What the meter says, what it said, and what it costs. Times are in ms since 1970, energy in Wh, of gas and water litres; days are the user's."
  }
  const paths = Object.fromEntries([...new Set(endpoints.map(({ path }) => path))].map(path => [path, pathOf(endpoints, path)]))
  const securitySchemes = {
    password: {
      type: 'http',
      scheme: 'basic',
      description:
        "A user's name and password, or the owner's password with any other name; GET /api/access tells what may be done without."
    }
  }
  return JSON.stringify({ openapi: '3.1.0', info, paths, components: { securitySchemes, schemas: placeholder } }).replace(
    JSON.stringify(placeholder),
    () => schemas
  )
}

/** Stands where the schemas, which are JSON already, are put in. */
const placeholder = '\u0000'

function pathOf(endpoints: readonly Endpoint[], path: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    endpoints.filter(entry => entry.path === path).map(entry => [entry.method.toLowerCase(), operationOf(entry)] as const)
  )
}

function operationOf(entry: Endpoint): Readonly<Record<string, unknown>> {
  const { path, about, parameters, content, answers, statuses = {} } = entry
  const inPath = restName(path)
  return {
    summary: about,
    parameters: Object.entries(parameters).map(([name, parameter]) => parameterOf(name, name === inPath ? 'path' : 'query', parameter)),
    ...(content
      ? { requestBody: { required: true, content: { [content.type]: content.schema ? { schema: referenceTo(content.schema) } : {} } } }
      : {}),
    responses: {
      ...(Object.keys(answers).length === 0
        ? { 204: { description: 'It is so.' } }
        : { 200: { description: 'It is so.', content: contentOf(answers) } }),
      ...Object.fromEntries(
        Object.entries(statuses).map(([status, description]) => [status, { description, content: contentOf(answers) }] as const)
      ),
      '4XX': fault,
      '5XX': fault
    },
    ...(needOf(entry) === 'always' ? {} : { security: [{ password: [] }, {}] })
  }
}

function parameterOf(
  name: string,
  place: 'path' | 'query',
  { about, allowed, schema, isRequired }: Parameter<unknown>
): Readonly<Record<string, unknown>> {
  return { name, in: place, required: place === 'path' || isRequired === true, description: `${about} Allowed: ${allowed}.`, schema }
}

function contentOf(answers: Endpoint['answers']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(answers).map(([type, name]) => [type, name === undefined ? {} : { schema: answerOf(name) }]))
}

/** A type, or that and null, as TypeScript writes it. */
function answerOf(name: string): Readonly<Record<string, unknown>> {
  const [type = '', ...others] = name.split(' | ')
  return others.includes('null') ? { anyOf: [referenceTo(type), { type: 'null' }] } : { ...referenceTo(type) }
}

function referenceTo(name: string): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` }
}
