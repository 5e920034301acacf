/** Backups: downloaded by a link, and taken back from a file with its progress to be seen. */

import type { ApiFault, RestoreAnswer } from '../../api.ts'
import { credentialsOf, passwordKey, unauthorised } from '../api.ts'
import { buttonOf } from '../console/form.ts'
import type { Context } from '../context.ts'
import { make, setText } from '../elements.ts'
import { askPassword } from '../password.ts'
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
  actions.append(
    linkOf(words.download, 'api/export'),
    linkOf(words.csv, 'api/export?format=csv'),
    buttonOf(words.restore, () => file.click())
  )
  card.append(make('h2', '', words.backup), make('p', 'note', words.backupWhy), actions, file)
  return card
}

function linkOf(text: string, path: string): HTMLElement {
  const link = make('a', 'button', text)
  link.setAttribute('href', path)
  link.setAttribute('download', '')
  return link
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
    const outcome = await upload(file, context, share => {
      progress.value = share
      setText(result, share < 1 ? words.restoring(context.formats.percent(share)) : words.applying)
    })
    progress.hidden = true
    go.disabled = false
    go.hidden = outcome.kind === 'done'
    result.setAttribute('data-kind', outcome.kind)
    setText(result, outcome.kind === 'done' ? words.restored(String(outcome.records)) : words.restoreFailed(outcome.why || words.noAnswer))
  }
}

type Outcome = { readonly kind: 'done'; readonly records: number } | { readonly kind: 'failed'; readonly why: string }

/** Sends the file; asks for the password as often as it is wanted. */
async function upload(file: File, { strings }: Context, progress: (share: number) => void): Promise<Outcome> {
  for (let again = false; ; again = true) {
    const { status, text } = await post(file, sessionStorage.getItem(passwordKey), progress)
    if (status === 200) return { kind: 'done', records: (JSON.parse(text) as RestoreAnswer).records }
    if (status !== unauthorised) return { kind: 'failed', why: errorIn(text) }
    const answer = await askPassword(strings, again || sessionStorage.getItem(passwordKey) !== null)
    if (answer === undefined) return { kind: 'failed', why: errorIn(text) }
    sessionStorage.setItem(passwordKey, answer)
  }
}

/** `fetch` does not tell how much it has sent. */
function post(
  file: File,
  password: string | null,
  progress: (share: number) => void
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise(resolve => {
    const request = new XMLHttpRequest()
    request.open('POST', 'api/restore')
    request.setRequestHeader('Content-Type', 'application/x-ndjson')
    if (password !== null) request.setRequestHeader('Authorization', `Basic ${credentialsOf(password)}`)
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
