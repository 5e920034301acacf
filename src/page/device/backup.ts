/** Backups: downloaded by a link, and taken back from a file with its progress to be seen. */

import type { ApiFault, RestoreAnswer } from '../../api.ts'
import { buttonOf } from '../console/form.ts'
import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { authorizationOf, loginNow } from '../login.ts'
import { saveFile } from '../saving.ts'
import { openSheet } from '../sheet.ts'
import { sizeText } from './present.ts'
import type { Words } from './words.ts'

export function makeBackup(context: Context, words: Words): HTMLElement {
  const [card, actions] = [make('section', 'card'), make('div', 'actions')]
  const file = document.createElement('input')
  file.type = 'file'
  file.accept = '.ndjson,application/x-ndjson'
  file.hidden = true
  file.setAttribute('aria-label', words.restore)
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? []
    if (chosen) openRestore(chosen, context, words)
    file.value = ''
  })
  const failed = make('p', 'wrong')
  failed.setAttribute('role', 'status')
  const save = async (path: string) => {
    setText(failed, '')
    if (await context.admit('change')) await saveFile(context.api, path).catch((error: Error) => setText(failed, error.message))
  }
  actions.append(
    buttonOf(words.download, () => void save('api/export')),
    buttonOf(words.csv, () => void save('api/export?format=csv')),
    buttonOf(words.restore, () => file.click())
  )
  card.append(make('h2', '', words.backup), make('p', 'note', words.backupWhy), actions, failed, file)
  return card
}

/** Asks once more, sends, and tells what came of it. */
function openRestore(file: File, context: Context, words: Words): void {
  const sheet = openSheet(words.restoreTitle, words.close)
  sheet.root.classList.add('device-sheet')
  const progress = document.createElement('progress')
  progress.hidden = true
  progress.setAttribute('aria-label', words.restoreTitle)
  const result = make('p', 'result')
  result.setAttribute('role', 'status')
  const go = buttonOf(words.restoreYes, () => void send(), 'button danger')
  sheet.body.append(make('p', '', words.restoreSure(file.name, sizeText(file.size, context.strings.language))), progress, result, go)

  async function send(): Promise<void> {
    go.disabled = true
    progress.hidden = false
    result.removeAttribute('data-kind')
    const outcome = await upload(file, context, words, share => {
      progress.value = share
      setText(result, share < 1 ? words.restoring(context.formats.percent(share)) : words.applying)
    })
    progress.hidden = true
    go.disabled = false
    go.hidden = outcome.kind === 'done'
    result.setAttribute('data-kind', outcome.kind)
    setText(result, outcome.kind === 'done' ? describe(outcome.answer, words) : words.restoreFailed(outcome.why || words.noAnswer))
  }
}

type Outcome = { readonly kind: 'done'; readonly answer: RestoreAnswer } | { readonly kind: 'failed'; readonly why: string }

function describe({ records, otherZone }: RestoreAnswer, words: Words): string {
  return `${words.restored(String(records))}${otherZone === undefined ? '' : ` ${words.restoredZone(otherZone)}`}`
}

/** Sends the file, once it may be sent. */
async function upload(file: File, { admit, state }: Context, words: Words, progress: (share: number) => void): Promise<Outcome> {
  if (!(await admit('change'))) return { kind: 'failed', why: state().link.name === 'up' ? words.needsPassword : '' }
  const { status, text } = await post(file, progress)
  return status === 200 ? { kind: 'done', answer: JSON.parse(text) as RestoreAnswer } : { kind: 'failed', why: errorIn(text) }
}

/** `fetch` does not tell how much it has sent. */
function post(file: File, progress: (share: number) => void): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise(resolve => {
    const request = new XMLHttpRequest()
    request.open('POST', 'api/restore')
    request.setRequestHeader('Content-Type', 'application/x-ndjson')
    for (const [name, value] of Object.entries(authorizationOf(loginNow()))) request.setRequestHeader(name, value)
    request.upload.addEventListener('progress', ({ loaded, total }) => progress(total > 0 ? loaded / total : 0))
    request.addEventListener('loadend', () => resolve({ status: request.status, text: request.responseText }))
    request.send(file)
  })
}

function errorIn(text: string): string {
  try {
    return (JSON.parse(text) as ApiFault).error
  } catch {
    return ''
  }
}
