/** The types of a module and of all that they are made of, as one file that imports nothing. */
import { dirname, resolve } from 'node:path'
import ts from 'typescript'

const options = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  declaration: true,
  emitDeclarationOnly: true
}

/** Answers the text. What the module exports stands first; what that needs of other files follows, and is not exported. */
export const declarationsOf = entry => {
  const files = emit(entry)
  const wanted = files.get(entry).statements.flatMap(statement => exportedBy(files, entry, statement))
  const exported = new Set(wanted.map(({ statement }) => statement))
  const chosen = new Map()
  for (const { path, statement } of wanted) {
    if (chosen.has(statement)) continue
    chosen.set(statement, path)
    for (const name of namesIn(statement)) wanted.push(...find(files, path, name))
  }
  return [...chosen].map(([statement, path]) => `${textOf(files.get(path), statement, exported.has(statement))}\n`).join('')
}

/** What a statement of the module itself declares, or names of another file's. */
const exportedBy = (files, path, statement) => {
  if (ts.isImportDeclaration(statement)) return []
  if (!ts.isExportDeclaration(statement)) return isExported(statement) ? [{ path, statement }] : []
  const elements = statement.exportClause?.elements ?? []
  const from = statement.moduleSpecifier ? resolve(dirname(path), statement.moduleSpecifier.text) : path
  return elements.flatMap(({ name }) => find(files, from, name.text))
}

const isExported = statement => statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false

/** The declarations of a file and of all that it imports, parsed, by path. */
const emit = entry => {
  const program = ts.createProgram([entry], { ...options, noEmit: false })
  const files = new Map()
  program.emit(undefined, (_path, text, _mark, _error, [origin]) => {
    files.set(origin.fileName, ts.createSourceFile(origin.fileName, text, ts.ScriptTarget.Latest, true))
  })
  return files
}

/** The statements that declare a name as a file sees it: its own, or those of the file it is imported from. */
const find = (files, path, name) => {
  const { statements } = files.get(path)
  const own = statements.filter(statement => declaredBy(statement).includes(name)).map(statement => ({ path, statement }))
  if (own.length > 0) return own
  for (const statement of statements) {
    const bindings = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined
    const specifier = bindings?.elements?.find(element => element.name.text === name)
    if (specifier === undefined) continue
    if (specifier.propertyName)
      throw new Error(`${path} imports ${specifier.propertyName.text} by another name: declarations.mjs cannot follow that`)
    return find(files, resolve(dirname(path), statement.moduleSpecifier.text), name)
  }
  return []
}

const declaredBy = statement => {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.text)
  return statement.name ? [statement.name.text] : []
}

const namesIn = statement => {
  const names = new Set()
  const visit = node => {
    if (ts.isIdentifier(node)) names.add(node.text)
    ts.forEachChild(node, visit)
  }
  visit(statement)
  return names
}

/** Its comment stands before it; a file's own comment before that is left out. */
const textOf = (file, statement, isExportedHere) => {
  const comment =
    /\/\*\*(?:(?!\/\*\*)[\s\S])*\*\/\s*$/.exec(file.text.slice(statement.getFullStart(), statement.getStart()))?.[0].trim() ?? ''
  const text = statement.getText().replace(/^export /, '')
  const told = isExportedHere ? `export ${text}` : text
  return comment === '' ? told : `${comment}\n${told}`
}
