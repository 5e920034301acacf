/** The types of the HTTP API's answers as JSON Schema, with their comments as descriptions: what is documented is what is compiled. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { root } from './command.mjs'

/** Answers the schemas by name. */
export const schemasOf = (path = join(root, 'src/api.ts')) => {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
  const lists = new Map()
  const schemas = {}
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations) lists.set(name.text, wordsIn(initializer))
    else if (ts.isInterfaceDeclaration(statement)) schemas[statement.name.text] = described(statement, objectOf(statement.members, lists))
    else if (ts.isTypeAliasDeclaration(statement)) schemas[statement.name.text] = described(statement, schemaOf(statement.type, lists))
  }
  return schemas
}

/** The texts of a list `[…] as const`. */
const wordsIn = initializer => initializer.expression.elements.map(({ text }) => text)

const described = (node, schema) => {
  const about = ts
    .getJSDocCommentsAndTags(node)
    .filter(ts.isJSDoc)
    .map(({ comment }) => ts.getTextOfJSDocComment(comment))
  return about.length === 0 ? schema : { description: about.at(-1), ...schema }
}

const objectOf = (members, lists) => ({
  type: 'object',
  properties: Object.fromEntries(members.map(member => [member.name.text, described(member, schemaOf(member.type, lists))])),
  required: members.filter(({ questionToken }) => !questionToken).map(({ name }) => name.text),
  additionalProperties: false
})

const schemaOf = (type, lists) => {
  switch (type.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { type: 'string' }
    case ts.SyntaxKind.NumberKeyword:
      return { type: 'number' }
    case ts.SyntaxKind.BooleanKeyword:
      return { type: 'boolean' }
    case ts.SyntaxKind.UnknownKeyword:
      return {}
    case ts.SyntaxKind.LiteralType:
      return literalOf(type.literal)
    case ts.SyntaxKind.ArrayType:
      return { type: 'array', items: schemaOf(type.elementType, lists) }
    case ts.SyntaxKind.TupleType:
      return {
        type: 'array',
        prefixItems: type.elements.map(element => schemaOf(element, lists)),
        minItems: type.elements.length,
        items: false
      }
    case ts.SyntaxKind.TypeOperator: // readonly
    case ts.SyntaxKind.ParenthesizedType:
      return schemaOf(type.type, lists)
    case ts.SyntaxKind.TypeLiteral:
      return objectOf(type.members, lists)
    case ts.SyntaxKind.UnionType:
      return unionOf(type.types.map(each => schemaOf(each, lists)))
    case ts.SyntaxKind.IndexedAccessType: // one of a list
      return { enum: lists.get(type.objectType.type.exprName.text) }
    case ts.SyntaxKind.TypeReference:
      return referenceOf(type, lists)
    default:
      throw new Error(`src/api.ts: no schema is known for ${type.getText()}`)
  }
}

const literalOf = literal => {
  if (literal.kind === ts.SyntaxKind.NullKeyword) return { type: 'null' }
  return { const: ts.isStringLiteral(literal) ? literal.text : JSON.parse(literal.text ?? literal.getText()) }
}

const referenceOf = ({ typeName, typeArguments = [] }, lists) => {
  if (typeName.text === 'Readonly') return schemaOf(typeArguments[0], lists)
  if (typeName.text === 'Record') return { type: 'object', additionalProperties: schemaOf(typeArguments[1], lists) }
  return { $ref: `#/components/schemas/${typeName.text}` }
}

/** Literals become one list, and what may be null is told as a type beside its own. */
const unionOf = schemas => {
  if (schemas.every(schema => 'const' in schema || schema.type === 'null'))
    return { enum: schemas.map(schema => ('const' in schema ? schema.const : null)) }
  return { anyOf: schemas }
}
